package control

import (
	"testing"

	"supervise/internal/sys"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// FuzzMessages has a server receive anything; it must go on, and keep nothing for clients
// that do not exist.
func FuzzMessages(f *testing.F) {
	frame := func(kind wire.Kind, flags wire.Flags, payload string) []byte {
		f := wire.Frame{Kind: kind, Flags: flags, Client: wire.ClientID(1<<22-1, 1), Request: 1, Parts: 1, Payload: []byte(payload)}
		return f.Append(nil, 1)[sys.MsgHead:]
	}
	f.Add(frame(wire.Request, 0, `{"verb":"ping"}`))
	f.Add(frame(wire.Request, wire.Quiet, `{"verb":"restart","services":["web"]}`))
	f.Add(frame(wire.Next, 0, ""))
	f.Add(frame(wire.Cancel, 0, "x"))
	f.Add([]byte("\x01"))
	l := serve(f, f.TempDir(), func(call *Call) { call.Reply(&request.Reply{Text: "ok"}) })
	f.Fuzz(func(t *testing.T, message []byte) {
		l.queueServer.received(message)
	})
}
