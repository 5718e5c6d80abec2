package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"supervise/internal/sys"
)

// TestFrame writes the bytes down that package control's documentation promises.
func TestFrame(t *testing.T) {
	f := Frame{
		Kind: Reply, Flags: Last, Client: ClientID(0x3fffff, 511), Request: 0x1122334455667788,
		Part: 1, Parts: 2, Payload: []byte("{}"),
	}
	message := f.Append(nil, 77)
	if sys.MsgType(message) != 77 {
		t.Errorf("type %d", sys.MsgType(message))
	}
	want := "\x01\x04\x01\x00\xff\xff\xff\x7f\x88\x77\x66\x55\x44\x33\x22\x11\x01\x00\x00\x00\x02\x00\x00\x00{}"
	if got := string(message[sys.MsgHead:]); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, err := Parse(message[sys.MsgHead:]); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("%+v, %v", got, err)
	}
	if ClientPID(f.Client) != 0x3fffff {
		t.Error("the pid is lost")
	}
}

func TestParseErrors(t *testing.T) {
	good := (&Frame{Kind: Request, Client: ClientID(1, 0), Parts: 1}).Append(nil, 1)[sys.MsgHead:]
	for name, change := range map[string]func([]byte) []byte{
		"short":      func(m []byte) []byte { return m[:23] },
		"version":    func(m []byte) []byte { m[0] = 2; return m },
		"kind":       func(m []byte) []byte { m[1] = 9; return m },
		"client":     func(m []byte) []byte { m[7] = 0x80; return m },
		"no client":  func(m []byte) []byte { m[5], m[6] = 0, 0; return m },
		"no parts":   func(m []byte) []byte { m[20] = 0; return m },
		"many parts": func(m []byte) []byte { m[22] = 1; return m },
		"part":       func(m []byte) []byte { m[16] = 1; return m },
	} {
		if _, err := Parse(change(bytes.Clone(good))); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for length, parts := range map[int]int{0: 1, 1: 1, 8: 1, 9: 2, 16: 2, 1000: 125} {
		answer := strings.Repeat("x", length)
		messages := Split([]byte(answer), Frame{Kind: Reply, Client: ClientID(5, 5)}, HeaderSize+8)
		var all Assembler
		for i, m := range messages {
			if len(m) > sys.MsgHead+HeaderSize+8 {
				t.Errorf("a message of %d bytes", len(m))
			}
			f, err := Parse(m[sys.MsgHead:])
			if err != nil {
				t.Fatal(err)
			}
			got, whole, err := all.Add(f)
			if err != nil || whole != (i == parts-1) || whole && string(got) != answer {
				t.Errorf("%d bytes, part %d: %q, %v, %v", length, i, got, whole, err)
			}
		}
		if len(messages) != parts {
			t.Errorf("%d bytes in %d parts, want %d", length, len(messages), parts)
		}
	}
	var all Assembler
	if _, _, err := all.Add(Frame{Part: 1, Parts: 2}); err == nil {
		t.Error("the first part is missing, and nobody says so")
	}
}

// FuzzFrame holds that what is parsed is written back as it was, and that no sequence of
// frames harms an assembler.
func FuzzFrame(f *testing.F) {
	f.Add((&Frame{Kind: Reply, Client: ClientID(1, 0), Parts: 2, Payload: []byte("x")}).Append(nil, 1)[sys.MsgHead:])
	var all Assembler
	f.Fuzz(func(t *testing.T, message []byte) {
		frame, err := Parse(message)
		if err != nil {
			return
		}
		if again := frame.Append(nil, 1)[sys.MsgHead:]; !bytes.Equal(again, message) {
			t.Errorf("%q became %q", message, again)
		}
		_, _, _ = all.Add(frame)
	})
}
