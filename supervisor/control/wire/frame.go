package wire

import (
	"errors"
	"strconv"
	"unsafe"

	"supervise/internal/sys"
)

// Version is the version of the frame.
const Version = 1

// HeaderSize is the length of a frame's header, in bytes, behind the message's type.
const HeaderSize = 24

// MaxFrame is the longest message in bytes that we send, if the queue takes it: short enough
// for a queue of the usual 16 KiB to hold four.
const MaxFrame = 4096

// ToServer is the type of every message in the request queue. In the reply queue the type is
// the client's id.
const ToServer = 1

// Kind is what a frame is for.
type Kind uint8

// The kinds.
const (
	Request Kind = 1 // a new request, which ends the client's previous one
	Next    Kind = 2 // the client has read a frame and waits for another
	Cancel  Kind = 3 // the client wants no more of this request
	Reply   Kind = 4 // a part of an answer
	Wake    Kind = 5 // from a client to itself
)

// Flags are modifiers of a frame.
type Flags uint16

// The flags.
const (
	Last  Flags = 1 << iota // Reply: no answer follows this one
	Quiet                   // Request: no answer is wanted
)

// Frame is one message, taken apart.
type Frame struct {
	Kind    Kind
	Flags   Flags
	Client  uint32 // see [ClientID]
	Request uint64 // the client's number for its request, the same in all that is about it
	Part    uint32 // from 0
	Parts   uint32 // of the answer, at least 1
	Payload []byte // of the request or of this part of the answer
}

// MaxParts bounds an answer: 64 MiB.
const MaxParts = 16384

// SlotBits is how many bits of a client's id its process may choose.
const SlotBits = 9

// ClientID makes a client's id from its pid, which has at most 22 bits (PID_MAX_LIMIT of
// linux/threads.h), and a number below 512 that distinguishes the clients within one process.
// It is above 0 and fits a 32-bit long.
func ClientID(pid, slot int) uint32 { return uint32(pid)<<SlotBits | uint32(slot)&(1<<SlotBits-1) }

// ClientPID returns the pid in a client's id.
func ClientPID(client uint32) int { return int(client >> SlotBits) }

// ErrFrame says that a message is not a frame of this version.
const ErrFrame = constant("not a frame of version 1")

// constant is an error that there is before variables are initialised.
type constant string

func (c constant) Error() string { return string(c) }

// frameError is [ErrFrame] with the reason.
type frameError string

func (e frameError) Error() string { return ErrFrame.Error() + ": " + string(e) }
func (frameError) Unwrap() error   { return ErrFrame }

// header is a frame's header in memory, in the machine's byte order.
type header struct {
	version byte
	kind    Kind
	flags   Flags
	client  uint32
	request uint64
	part    uint32
	parts   uint32
}

// The compiler rejects this if the sizes ever differ.
var _ [HeaderSize]byte = [unsafe.Sizeof(header{})]byte{}

// Append appends the frame as a message of a type, with the message's own header.
func (f *Frame) Append(buffer []byte, mtype int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, make([]byte, sys.MsgHead+HeaderSize+len(f.Payload))...)
	f.Put(buffer[begin:], mtype)
	return buffer
}

// Put writes it to the beginning of memory, which has room for the payload and both headers,
// and returns the message.
func (f *Frame) Put(memory []byte, mtype int64) (message []byte) {
	head := header{Version, f.Kind, f.Flags, f.Client, f.Request, f.Part, f.Parts}
	sys.SetMsgType(memory, mtype)
	n := sys.MsgHead
	n += copy(memory[n:], (*[HeaderSize]byte)(unsafe.Pointer(&head))[:])
	n += copy(memory[n:], f.Payload)
	return memory[:n]
}

// Parse decodes a message without its type. The payload is part of the message. An error is
// [ErrFrame] with the reason.
func Parse(message []byte) (f Frame, err error) {
	f, ok := Read(message)
	if ok {
		return f, nil
	}
	if len(message) < HeaderSize {
		return Frame{}, frameError(strconv.Itoa(len(message)) + " bytes")
	}
	return Frame{}, frameError("version " + strconv.Itoa(int(message[0])) + ", kind " + strconv.Itoa(int(f.Kind)) +
		", part " + number(f.Part) + " of " + number(f.Parts) + ", client 0x" + strconv.FormatUint(uint64(f.Client), 16))
}

// Read is [Parse] without a word about what is wrong.
func Read(message []byte) (f Frame, ok bool) {
	if len(message) < HeaderSize {
		return f, false
	}
	var head header
	copy((*[HeaderSize]byte)(unsafe.Pointer(&head))[:], message)
	f = Frame{head.kind, head.flags, head.client, head.request, head.part, head.parts, message[HeaderSize:]}
	return f, head.version == Version && f.Kind >= Request && f.Kind <= Wake && f.Parts != 0 && f.Parts <= MaxParts && f.Part < f.Parts &&
		f.Client>>31 == 0 && ClientPID(f.Client) != 0
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// Split cuts an answer into frames for a client, as messages of at most size bytes, not
// counting the message's type.
func Split(answer []byte, f Frame, size int) (messages [][]byte) {
	room := size - HeaderSize
	f.Parts = uint32(max(1, (len(answer)+room-1)/room))
	for f.Part = 0; f.Part < f.Parts; f.Part++ {
		n := min(room, len(answer))
		f.Payload = answer[:n]
		answer = answer[n:]
		messages = append(messages, f.Append(make([]byte, 0, sys.MsgHead+HeaderSize+n), int64(f.Client)))
	}
	return messages
}

// Assembler joins the parts of answers to one request. The zero value is ready.
type Assembler struct {
	next   uint32
	answer []byte
}

// Add takes the next frame. whole says that it completes an answer, which is valid until the
// next call.
func (a *Assembler) Add(f Frame) (answer []byte, whole bool, err error) {
	if f.Part != a.next {
		return nil, false, errors.New("cannot put the answer together: part " + number(f.Part) + " of " + number(f.Parts) + " came instead of " + number(a.next))
	}
	if f.Part == 0 {
		a.answer = a.answer[:0]
	}
	a.answer = append(a.answer, f.Payload...)
	a.next++
	if a.next < f.Parts {
		return nil, false, nil
	}
	a.next = 0
	return a.answer, true, nil
}
