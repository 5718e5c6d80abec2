package control

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/machine"
)

func TestCalls(t *testing.T) {
	l := serve(t, t.TempDir(), answerAs(500))
	c := l.dial()
	ctx := limited(t)
	if reply, err := c.Call(ctx, request.Ping{}); err != nil || reply.Supervisor.PID != c.PID() {
		t.Errorf("ping: %+v, %v", reply, err)
	}
	// Longer than msgmax, and than a queue holds.
	reply, err := c.Call(ctx, request.Status{})
	if err != nil || len(reply.Services) != 500 || reply.Services[499].Name != "service-499" {
		t.Errorf("status: %v", err)
	}
	_, err = c.Call(ctx, request.Stop{Target: request.Target{Services: []string{"x"}}})
	var failure *request.Failure
	if !errors.As(err, &failure) || failure.Code != request.UnknownService {
		t.Errorf("stop: %v", err)
	}
	_, err = c.Call(ctx, request.Logs{Service: "a", Lines: -1})
	if !errors.As(err, &failure) || failure.Code != request.Usage {
		t.Errorf("logs: %v", err)
	}
	long := request.Status{Services: make([]string, 5000)}
	for i := range long.Services {
		long.Services[i] = "service"
	}
	if _, err := c.Call(ctx, long); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a long request: %v", err)
	}
	if reply, err := c.Call(ctx, request.Shutdown{}); err != nil || !strings.HasPrefix(reply.Text, "shutdown from pid ") {
		t.Errorf("shutdown: %+v, %v", reply, err)
	}
	if !l.empty() {
		t.Error("something is left in the queues")
	}
}

// TestLookAtClient looks at who asks for a change, when the request comes, and at nobody else.
func TestLookAtClient(t *testing.T) {
	var looked []int // by the receiver alone
	l := serve(t, t.TempDir(), func(call *Call) {
		by := call.Origin.By
		call.Reply(&request.Reply{Text: by.Name + " " + by.Behind.Name})
	}, func(o *Options) {
		o.Look = func(pid int) (machine.Asker, bool) {
			looked = append(looked, pid)
			return machine.Asker{PID: int32(pid), Name: "client", Behind: machine.Behind{Name: "shell"}}, true
		}
	})
	c := l.dial()
	one := request.Target{Services: []string{"web"}}
	for _, test := range []struct {
		request request.Request
		want    string
	}{
		{request.Ping{}, " "},
		{request.Wait{Service: "web", For: request.Up}, " "},
		{request.Why{Service: "web"}, " "},
		{request.Logs{Services: []string{"web"}}, " "},
		{request.Shutdown{}, "client shell"},
		{request.Update{}, "client shell"},
		{request.Signal{Service: "web", Signal: signals.SIGHUP}, "client shell"},
	} {
		r, want := test.request, test.want
		if reply, err := c.Call(limited(t), r); err != nil || reply.Text != want {
			t.Errorf("%s: %+v, %v, want %q", r.Verb(), reply, err, want)
		}
	}
	for _, r := range []request.Request{
		request.Start{Target: one},
		request.Stop{Target: one},
		request.Restart{Target: one},
		request.Reload{Target: one},
		request.Pause{Target: one},
		request.Continue{Target: one},
		request.Reopen{Target: one},
	} {
		if reply, err := c.Call(limited(t), r); err != nil || reply.Text != "client shell" {
			t.Errorf("%s: %+v, %v", r.Verb(), reply, err)
		}
	}
	l.shutNow() // nobody receives any more
	if len(looked) != 10 || slices.ContainsFunc(looked, func(pid int) bool { return pid != os.Getpid() }) {
		t.Errorf("looked at %v", looked)
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	l := serve(t, t.TempDir(), answerAs(40))
	c := l.dial()
	ctx := limited(t)
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			for range 20 {
				if reply, err := c.Call(ctx, request.Status{}); err != nil || len(reply.Services) != 40 {
					t.Errorf("%v", err)
					return
				}
			}
		})
	}
	group.Wait()
	if !l.empty() {
		t.Error("something is left in the queues")
	}
}

// TestStream follows events, more than are kept for a slow client, until the client has
// enough.
func TestStream(t *testing.T) {
	const sent = 3 * maxBacklog
	l := serve(t, t.TempDir(), func(call *Call) {
		for i := range sent {
			call.Tell(&request.Reply{Text: strconv.Itoa(i)})
		}
		if _, all := call.Request.(request.Why); all {
			call.Reply(&request.Reply{Text: "end"})
		}
	})
	c := l.dial()
	ctx := limited(t)
	got, dropped, last := 0, uint64(0), -1
	for reply, err := range c.Stream(ctx, request.Why{Service: "a"}) {
		if err != nil {
			t.Fatal(err)
		}
		dropped += reply.Dropped
		if reply.Text == "end" {
			break
		}
		n, err := strconv.Atoi(reply.Text)
		if err != nil || n <= last || n != got+int(dropped) {
			t.Fatalf("%q came after %d, %d dropped", reply.Text, last, dropped)
		}
		last = n
		got++
	}
	if got+int(dropped) != sent || got < maxBacklog {
		t.Errorf("%d came, %d were dropped, of %d", got, dropped, sent)
	}
	for reply, err := range c.Stream(ctx, request.Events{Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if reply.Text == "10" {
			break
		}
	}
	call := <-l.ended
	if !call.Gone() || call.Request.Verb() != "events" {
		t.Errorf("%+v ended", call)
	}
	call.Tell(&request.Reply{})
	call.Reply(&request.Reply{})
	eventually(t, "both queues empty", l.empty)
}

func TestDeadline(t *testing.T) {
	taken := make(chan struct{})
	l := serve(t, t.TempDir(), func(*Call) { close(taken) }) // never answers
	ctx, cancel := context.WithCancel(limited(t))
	go func() {
		<-taken
		cancel()
	}()
	if _, err := l.dial().Call(ctx, request.Ping{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-l.ended
	eventually(t, "both queues empty", l.empty)
}

func TestClose(t *testing.T) {
	taken := make(chan struct{})
	respond := answerAs(1)
	l := serve(t, t.TempDir(), func(call *Call) {
		if respond(call); call.Request.Verb() == "events" {
			close(taken)
		}
	})
	c := l.dial()
	ctx := limited(t)
	waits := make(chan error)
	go func() {
		_, err := c.Call(ctx, request.Events{})
		waits <- err
	}()
	if _, err := c.Call(ctx, request.Ping{}); err != nil {
		t.Fatal(err)
	}
	<-taken
	requests, replies := l.queues()
	l.shutNow()
	if err := <-waits; !errors.Is(err, client.ErrEnded) {
		t.Error(err)
	}
	for _, id := range []int{requests, replies} {
		if _, err := sys.MsgStat(id); err == nil {
			t.Error("a queue is left")
		}
	}
	if _, err := c.Call(ctx, request.Ping{}); !errors.Is(err, client.ErrEnded) {
		t.Error(err)
	}
	var not *client.NotRunningError
	if _, err := client.Dial(l.dir); !errors.As(err, &not) {
		t.Error(err)
	}
}

// TestRemovedByOthers has new queues made when somebody runs ipcrm.
func TestRemovedByOthers(t *testing.T) {
	l := serve(t, t.TempDir(), answerAs(1))
	requests, _ := l.queues()
	if err := sys.MsgRemove(requests); err != nil {
		t.Fatal(err)
	}
	if err := <-l.reports; !strings.Contains(err.Error(), "somebody removed") {
		t.Error(err)
	}
	if _, err := l.dial().Call(limited(t), request.Ping{}); err != nil {
		t.Error(err)
	}
}

// stuck is a client that asks and does not read.
type stuck struct {
	l      *loop
	id     uint32
	number uint64
}

func (l *loop) stuck(slot int) *stuck {
	s := &stuck{l: l, id: wire.ClientID(l.dial().PID(), 511-slot), number: uint64(slot)}
	s.send(wire.Request, `{"verb":"status"}`)
	return s
}

func (s *stuck) send(kind wire.Kind, payload string) {
	frame := wire.Frame{Kind: kind, Client: s.id, Request: s.number, Parts: 1, Payload: []byte(payload)}
	requests, _ := s.l.queues()
	if err := sys.MsgSend(requests, frame.Append(nil, wire.ToServer), 0); err != nil {
		s.l.t.Error(err)
	}
}

// read reads the whole answer after all.
func (s *stuck) read() []byte {
	var parts wire.Assembler
	buffer := make([]byte, 8192)
	_, replies := s.l.queues()
	for {
		n := 0
		eventually(s.l.t, "the answer", func() (came bool) {
			var err error
			n, err = sys.MsgReceive(replies, buffer, int64(s.id), sys.IPCNoWait)
			return err == nil
		})
		frame, err := wire.Parse(buffer[sys.MsgHead : sys.MsgHead+n])
		if err != nil {
			s.l.t.Error(err)
			return nil
		}
		answer, whole, err := parts.Add(frame)
		if err != nil || whole {
			return answer
		}
		s.send(wire.Next, "")
	}
}

// TestFullQueue has clients that do not read fill the queue of replies. Others are
// answered in spite of them, and they themselves when they read after all.
func TestFullQueue(t *testing.T) {
	l := serve(t, t.TempDir(), answerAs(100))
	_, replies := l.queues()
	junk := make([]byte, sys.MsgHead+64) // a stranger's
	sys.SetMsgType(junk, 3)
	if err := sys.MsgSend(replies, junk, sys.IPCNoWait); err != nil {
		t.Fatal(err)
	}
	var all []*stuck
	for i := range 20 {
		all = append(all, l.stuck(i))
	}
	eventually(t, "the queue of replies is full", func() bool {
		stat, err := sys.MsgStat(replies)
		return err == nil && stat.Bytes+wire.MaxFrame > stat.MaxBytes
	})
	c := l.dial()
	for range 10 {
		if reply, err := c.Call(limited(t), request.Status{}); err != nil || len(reply.Services) != 100 {
			t.Fatal(err)
		}
	}
	for _, s := range all {
		if text := s.read(); !strings.Contains(string(text), `"service-99"`) || !strings.HasPrefix(string(text), `{"services":`) {
			t.Errorf("a late reader got %.100q", text)
		}
	}
	if l.Counts().Lost == 0 {
		t.Error("the stranger's message is not counted")
	}
	eventually(t, "both queues empty", l.empty)
}

// TestGiveUp has the answer dropped of a client that is in the way of others and does not
// read for too long; when it goes on after all, the answer says so.
func TestGiveUp(t *testing.T) {
	l := serve(t, t.TempDir(), answerAs(100))
	var all []*stuck
	for i := range 8 {
		all = append(all, l.stuck(i))
	}
	var lost *clientSession
	eventually(t, "an answer is given up", func() bool {
		l.queueServer.mu.Lock()
		defer l.queueServer.mu.Unlock()
		for _, c := range l.queueServer.clients {
			if lost == nil && !c.evictedSince.IsZero() {
				lost = c
			}
		}
		if lost == nil {
			return false
		}
		lost.evictedSince = lost.evictedSince.Add(-giveUp)
		l.queueServer.wake()
		return lost.abandoned
	})
	for _, s := range all {
		if s.id != lost.client {
			continue
		}
		s.send(wire.Next, "")
		if text := string(s.read()); !strings.Contains(text, `"code":"lost"`) {
			t.Errorf("reported: %.200s", text)
		}
	}
	if l.Counts().Lost == 0 || (<-l.reports) == nil {
		t.Error("nothing is reported")
	}
}

// TestFlood writes garbage and commands into the FIFO and garbage into the queue as fast as
// it goes, while others ask: each is answered.
func TestFlood(t *testing.T) {
	commands := make(chan struct{}, 1<<20)
	respond := answerAs(3)
	l := serve(t, t.TempDir(), func(call *Call) {
		if call.Origin.FIFO != "" {
			commands <- struct{}{}
		}
		respond(call)
	})
	stop := make(chan struct{})
	var floods sync.WaitGroup
	flood := func(once func() error) {
		floods.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := once(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	fifo, err := os.OpenFile(l.dir+"/control", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	sent := 0
	flood(func() error {
		_, err := fifo.WriteString("\x00\xff garbage\nrestart web\n" + strings.Repeat("x", 2000) + "\n")
		sent++
		return err
	})
	requests, _ := l.queues()
	junk := make([]byte, sys.MsgHead+100)
	sys.SetMsgType(junk, 5)
	flood(func() error {
		err := sys.MsgSend(requests, junk, 0)
		if errors.Is(err, syscall.EINTR) {
			err = nil
		}
		return err
	})
	c := l.dial()
	for range 200 {
		if reply, err := c.Call(limited(t), request.Status{}); err != nil || len(reply.Services) != 3 {
			t.Fatal(err)
		}
	}
	close(stop)
	floods.Wait()
	eventually(t, "every command is there", func() bool { return len(commands) == sent })
	eventually(t, "both queues empty", l.empty)
	if n := len(l.reports); n > 60 {
		t.Errorf("%d reports", n)
	}
}
