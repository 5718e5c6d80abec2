package control

import (
	"context"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

// BenchmarkCall is one request and its answer over the queues, client and server in one
// process, and each call answered where it is received: what the loop's thread costs
// beside that depends on how it waits.
func BenchmarkCall(b *testing.B) {
	for _, bench := range []struct {
		name     string
		services int
		request  request.Request
	}{
		{"ping", 0, request.Ping{}},
		{"status-1", 1, request.Status{}},
		{"status-500", 500, request.Status{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			dir, respond := b.TempDir(), answerAs(bench.services)
			var s *Server
			s, _, err := Open(Options{Dir: root(dir), Mode: 0o600, Group: -1, Wake: func() {
				for call, ended, ok := s.Take(); ok; call, ended, ok = s.Take() {
					if !ended {
						respond(call)
					}
				}
			}})
			if err != nil {
				b.Fatal(err)
			}
			s.Serve(nil)
			defer s.Close()
			c, err := client.Dial(dir)
			if err != nil {
				b.Fatal(err)
			}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Call(ctx, bench.request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBare is the least that a round trip over two queues takes between two threads:
// the floor under BenchmarkCall.
func BenchmarkBare(b *testing.B) {
	var ids [2]int
	for i := range ids {
		id, err := sys.MsgGet(sys.IPCPrivate, sys.IPCCreate|0o600)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = sys.MsgRemove(id) }()
		ids[i] = id
	}
	there, back := ids[0], ids[1]
	send := func(id int, buffer []byte) error {
		sys.SetMsgType(buffer, 1)
		return sys.MsgSend(id, buffer, sys.IPCNoWait)
	}
	receive := func(id int, buffer []byte) (err error) {
		for {
			if _, err = sys.MsgReceive(id, buffer, 0, 0); err != syscall.EINTR {
				return err
			}
		}
	}
	go func() {
		buffer := make([]byte, sys.MsgHead+64)
		for receive(there, buffer) == nil && send(back, buffer) == nil {
			continue
		}
	}()
	buffer := make([]byte, sys.MsgHead+64)
	for b.Loop() {
		if err := send(there, buffer); err != nil {
			b.Fatal(err)
		}
		if err := receive(back, buffer); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDial is what a command pays to find the supervisor.
func BenchmarkDial(b *testing.B) {
	l := serve(b, b.TempDir(), answerAs(0))
	for b.Loop() {
		if _, err := client.Dial(l.dir); err != nil {
			b.Fatal(err)
		}
	}
}
