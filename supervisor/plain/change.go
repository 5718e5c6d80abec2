//go:build linux && (amd64 || arm64)

package plain

import (
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/internal/text/escape"
	"supervise/internal/text/json"
	"supervise/signals"
	"supervise/signals/intake/boot"
	"supervise/supervisor/control/wire"
)

// patience is how long an answer may take, in nanoseconds. A start that is one takes less, by
// 'up-after'. While one is awaited signals have the effect that they have on any program.
const patience = 1_000_000_000

// change has the supervisor do something, and prints what comes of it.
func (c *command) change() (code int, done bool) {
	b := text.NewBuffer(memory.request[:])
	path := c.file(wire.FileName)
	if path == nil || !c.request(&b) || b.Full() {
		return 0, false
	}
	queues, ok := wire.Open(path, memory.file[:])
	if !ok {
		return 0, false
	}
	begun := &memory.begun
	begun.Queues, begun.Client, begun.Number, begun.Text = queues, wire.ClientID(sys.PID(), 0), uint64(sys.WallTime()), b.Bytes()
	if !send(begun, wire.Request, begun.Text) {
		return 0, false
	}
	wire.Begin(begun)
	var limit sys.Limit
	if !limit.Begin(patience, c.mask, boot.Restorer()) {
		return 0, false
	}
	out := text.NewBuffer(memory.out[:])
	for {
		answer, last, ok := receive(begun)
		if !ok || !c.tell(answer, &out, &code) {
			break
		}
		if !last && !send(begun, wire.Next, nil) {
			break
		}
		begun.Asked = !last
		if !c.print(&out) {
			break // whoever goes on prints it, too, and says what is wrong
		}
		if last {
			return code, true
		}
		begun.Message, begun.Asked = nil, false
	}
	limit.End()
	return 0, false
}

// send sends a frame without waiting.
func send(begun *wire.Begun, kind wire.Kind, payload []byte) bool {
	frame := wire.Frame{Kind: kind, Client: begun.Client, Request: begun.Number, Parts: 1, Payload: payload}
	return sys.SendBare(begun.Queues.Request, frame.Put(memory.message[:], wire.ToServer), sys.IPCNoWait) == 0
}

// receive waits for an answer. It is not ok if none comes in time, or more than one frame.
func receive(begun *wire.Begun) (answer string, last, ok bool) {
	for {
		message, errno := sys.ReceiveBare(begun.Queues.Reply, memory.file[:], int64(begun.Client), 0)
		if errno != 0 {
			return "", false, false
		}
		message = message[sys.MsgHead:]
		frame, ok := wire.Read(message)
		if !ok || frame.Request != begun.Number {
			continue // of an earlier process with our pid, or nobody's
		}
		begun.Message = message
		answer = unsafe.String(unsafe.SliceData(frame.Payload), len(frame.Payload))
		return answer, frame.Flags&wire.Last != 0, frame.Kind == wire.Reply && frame.Parts == 1
	}
}

// request adds the request as package request writes it.
func (c *command) request(b *text.Buffer) bool {
	b.Add(`{"verb":"`)
	b.Add(c.verb)
	if text.Equal(c.verb, "signal") {
		signal, ok := signals.Lookup(c.names[1])
		b.Add(`","service":"`)
		b.Add(c.names[0])
		b.Add(`","signal":"`)
		signal.AddTo(b)
		b.Add(`","scope":"main"}`)
		return ok
	}
	for i := range c.count {
		if i == 0 {
			b.Add(`","services":["`)
		} else {
			b.Add(`","`)
		}
		b.Add(c.names[i])
	}
	if c.prompt() {
		b.Add(`"]}`)
	} else {
		b.Add(`"],"await":true}`)
	}
	return true
}

// prompt reports whether a command takes no time, so that nothing is said of what happens on the way.
func (c *command) prompt() bool {
	switch c.verb {
	case "pause", "continue", "signal":
		return true
	}
	return false
}

// tell reads an answer, which has events or outcomes, and adds a line for each. It sets the code
// to exit with to 1 if an outcome is not as it was wanted. False says that it has something else.
func (c *command) tell(answer string, b *text.Buffer, code *int) bool {
	r := json.Over(answer)
	for r.Begin('{'); r.More('}'); {
		events := false
		switch r.Name() {
		case "events":
			events = true
		case "outcomes":
		default:
			return false
		}
		for r.Begin('['); r.More(']'); {
			begin := b.Len()
			if !addLine(b, &r, events) {
				*code = 1
			}
			if events && c.prompt() {
				b.Cut(begin)
			}
		}
	}
	return r.OK() && !b.Full()
}

// addLine reads an event or an outcome, and adds its line; good says whether an outcome is as it
// was wanted.
func addLine(b *text.Buffer, r *json.Reader, event bool) (good bool) {
	var service, result, words string
	for r.Begin('{'); r.More('}'); {
		switch r.Name() {
		case "service":
			service = r.Plain()
		case "ok":
			good = r.Bool()
		case "result":
			result = r.Plain()
		case "text":
			words = r.Plain()
		case "lines":
			r.Fail()
		default:
			r.Skip()
		}
	}
	if !event && words == "" {
		words = result
	}
	if !escape.Plain(service) || !escape.Plain(words) {
		r.Fail()
	}
	b.Add(service)
	b.Add(": ")
	b.Add(words)
	b.AddByte('\n')
	return good || event
}
