package calls

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
	"supervise/supervisor/machine"
)

func TestFind(t *testing.T) {
	l := newFakeLoop("web", "old", "db")
	l.all[1].view.State = machine.Removed
	p := l.pending()
	for name, test := range map[string]struct {
		target request.Target
		want   []machine.ServiceID
		fails  string
	}{
		"all":     {request.Target{All: true}, []machine.ServiceID{0, 2}, ""},
		"by name": {request.Target{Services: []string{"db", "web"}}, []machine.ServiceID{2, 0}, ""},
		"one is unknown": {
			request.Target{Services: []string{"db", "wbe"}}, nil, `unknown-service: there is no service "wbe"`,
		},
		"removed and unknown": {
			request.Target{Services: []string{"old", "wbe"}}, nil, `unknown-service: there are no services "old", "wbe"`,
		},
	} {
		call := &fakeCall{t: t, name: name}
		got, ok := p.Find(call, test.target)
		if !slices.Equal(got, test.want) || ok != (test.fails == "") || call.failure() != test.fails {
			t.Errorf("%s: %v, %v, %q", name, got, ok, call.failure())
		}
	}
}

func TestWaitFor(t *testing.T) {
	l := newFakeLoop("web")
	l.all[0].view.State = machine.Starting
	p := l.pending()
	wait := func(r request.Wait) *fakeCall {
		call := &fakeCall{t: t, name: fmt.Sprint(r)}
		p.WaitFor(call, r, time.Second)
		p.Publish(time.Second)
		return call
	}
	if call := wait(request.Wait{Service: "wbe", For: request.Up}); call.failure() != `unknown-service: there is no service "wbe"` {
		t.Errorf("an unknown service: %q", call.failure())
	}
	if call := wait(request.Wait{Service: "web", For: "sideways"}); call.failure() != `usage: cannot wait for "sideways"` {
		t.Errorf("an unknown condition: %q", call.failure())
	}
	up, short := wait(request.Wait{Service: "web", For: request.Up}), wait(request.Wait{Service: "web", For: request.Up, Timeout: time.Second})
	if at, ok := p.NextTimeout(); !ok || at != 2*time.Second {
		t.Errorf("the next timeout is at %v, %v", at, ok)
	}
	p.Publish(2*time.Second - 1)
	if up.reply != nil || short.reply != nil {
		t.Fatal("answered too early")
	}
	p.Publish(2 * time.Second)
	if short.failure() != `timeout: timed out: service "web" is still starting` || len(short.reply.Services) != 1 || short.reply.Outcomes != nil {
		t.Errorf("timed out: %+v", short.reply)
	}
	if at, ok := p.NextTimeout(); ok {
		t.Errorf("the next timeout is at %v", at)
	}
	l.all[0].view.State = machine.Running
	p.Publish(time.Hour)
	if up.failure() != "" || len(up.reply.Services) != 1 || up.reply.Services[0].State != "running" || up.reply.Outcomes != nil {
		t.Errorf("up: %+v", up.reply)
	}
	down, again := wait(request.Wait{Service: "web", For: request.Down}), wait(request.Wait{Service: "web", For: request.Ready})
	if again.reply == nil || down.reply != nil {
		t.Errorf("ready: %+v, down: %+v", again.reply, down.reply)
	}
	l.all[0].stopped = true
	ready := wait(request.Wait{Service: "web", For: request.Ready})
	l.all[0].view.State = machine.Removed
	p.Publish(time.Hour)
	if down.failure() != "" || ready.failure() != `failed: service "web" has been removed` {
		t.Errorf("removed: %q, %q", down.failure(), ready.failure())
	}
}

// TestAwait has a command for several services be answered when the last outcome is known,
// and be told meanwhile what happens to those whose outcome is open.
func TestAwait(t *testing.T) {
	l := newFakeLoop("web", "db")
	l.happens("web", "before the call")
	p := l.pending()
	call := &fakeCall{t: t}
	w := p.Await(call, Started, 0)
	w.Add(0, 1)
	w.Add(1, 2)
	for _, s := range l.all {
		s.view = machine.View{State: machine.Starting, Gen: 1}
	}
	want := []uint64{l.happens("web", "start asked for"), l.happens("db", "start asked for")}
	l.happens("other", "is none of its matter")
	l.happens("", "neither")
	p.Publish(1)
	want = append(want, l.happens("web", "started"))
	l.all[0].view = machine.View{State: machine.Running, Gen: 1, PID: 812}
	p.Publish(2)
	l.happens("web", "its outcome is known already")
	want = append(want, l.happens("db", "started"))
	p.Publish(3)
	if at, ok := p.NextTimeout(); ok {
		t.Errorf("the next timeout is at %v", at)
	}
	if call.reply != nil {
		t.Fatalf("answered too early: %+v", call.reply)
	}
	l.all[1].view = machine.View{State: machine.Running, Gen: 1, PID: 813}
	last := l.happens("db", "is up")
	p.Publish(4)
	if e := call.reply.Events; len(e) != 1 || e[0].ID != last {
		t.Errorf("with the outcomes come %+v", e)
	}
	if o := call.reply.Outcomes; len(o) != 2 || o[0].Text != "is up, pid 812" || o[1].Text != "is up, pid 813" || o[1].Service != "db" {
		t.Errorf("%+v", o)
	}
	if got := call.events(); !slices.Equal(got, want) {
		t.Errorf("it was told %v, want %v", got, want)
	}
	none := &fakeCall{t: t}
	p.Await(none, Stopped, 5)
	p.Publish(5)
	if none.reply == nil || none.reply.Error != nil || len(none.reply.Outcomes) != 0 {
		t.Errorf("stop of all of no services: %+v", none.reply)
	}
}

// TestAwaitTimeout names the service that is waited for, and not the one that is done.
func TestAwaitTimeout(t *testing.T) {
	l := newFakeLoop("web", "db")
	for _, s := range l.all {
		s.view = machine.View{State: machine.Running, PID: 812}
	}
	p := l.pending()
	call := &fakeCall{t: t}
	w := p.Await(call, Reported, time.Second)
	w.Add(0, 1)
	w.Add(1, 2)
	p.Report(0, 1, machine.Note{Kind: machine.Delivered})
	at, ok := p.NextTimeout()
	if !ok || at != time.Second+PromptTime {
		t.Fatalf("the next timeout is at %v, %v", at, ok)
	}
	p.Publish(at)
	if o := call.reply.Outcomes; call.failure() != `timeout: timed out: service "db" is still running` || len(o) != 2 ||
		o[0].Text != "delivered" || o[1].Text != "is still running" || o[1].OK {
		t.Errorf("%+v", call.reply)
	}
}

func TestEvents(t *testing.T) {
	l := newFakeLoop("web", "db")
	l.happens("web", "1")
	p := l.pending()
	last, follows, web := &fakeCall{t: t}, &fakeCall{t: t}, &fakeCall{t: t}
	l.happens("db", "2")
	p.Events(follows, request.Events{Follow: true, Limit: 1})
	p.Events(web, request.Events{Follow: true, Services: []string{"web"}})
	l.happens("", "3")
	p.Events(last, request.Events{Limit: 2})
	p.Publish(0)
	l.happens("db", "4")
	p.Publish(0)
	p.Publish(0)
	if got := last.reply.Events; len(got) != 2 || got[0].ID != 2 {
		t.Errorf("the last two: %+v", got)
	}
	if got := follows.events(); !slices.Equal(got, []uint64{2, 3, 4}) {
		t.Errorf("who follows all is told %v", got)
	}
	if got := web.events(); !slices.Equal(got, []uint64{1, 3}) {
		t.Errorf("who follows web is told %v", got)
	}
	unknown := &fakeCall{t: t}
	p.Events(unknown, request.Events{Services: []string{"wbe"}, Follow: true})
	if unknown.failure() == "" {
		t.Error("an unknown service is followed")
	}
}

func TestLines(t *testing.T) {
	l := newFakeLoop("web")
	p := l.pending()
	last, follows, dropped := &fakeCall{t: t}, &fakeCall{t: t}, &fakeCall{t: t}
	p.Lines(last, request.Logs{Service: "web"})
	if got := last.reply.Lines; len(got) != 1 || got[0] != (request.Line{Service: "web", Stream: "stdout", Text: "web"}) {
		t.Errorf("the last: %+v", got)
	}
	p.Lines(follows, request.Logs{Service: "web", Follow: true, Lines: 5})
	p.Lines(dropped, request.Logs{Service: "web", Follow: true})
	p.Drop(dropped)
	l.writes("hello")
	p.End(0)
	l.writes("too late")
	if len(follows.told) != 2 || follows.told[1].Lines[0].Text != "hello" || follows.reply == nil || len(dropped.told) != 1 || len(l.followed) != 0 {
		t.Errorf("told %d and %d answers, %d still follow", len(follows.told), len(dropped.told), len(l.followed))
	}
}

// TestLinesOfSeveral merges what several services wrote by its time, and tells the rest as it
// comes.
func TestLinesOfSeveral(t *testing.T) {
	l := newFakeLoop("web", "db")
	l.written = map[string][]logs.Line{
		"web": {{Text: "2", Time: time.Unix(2, 0)}, {Text: "4", Time: time.Unix(4, 0)}, {Text: "4, too", Time: time.Unix(4, 0)}},
		"db":  {{Text: "1", Time: time.Unix(1, 0)}, {Text: "3", Time: time.Unix(3, 0)}},
	}
	text := func(replies ...*request.Reply) (all []string) {
		for _, r := range replies {
			for _, line := range r.Lines {
				all = append(all, line.Service+" "+line.Text)
			}
		}
		return all
	}
	want := []string{"db 1", "web 2", "db 3", "web 4", "web 4, too"}
	p := l.pending()
	last, follows := &fakeCall{t: t}, &fakeCall{t: t}
	p.Lines(last, request.Logs{Services: []string{"web", "db"}})
	if got := text(last.reply); !slices.Equal(got, want) {
		t.Errorf("the last: %q", got)
	}
	p.Lines(follows, request.Logs{Services: []string{"web", "db"}, Follow: true})
	if got := text(follows.told...); len(follows.told) != 1 || !slices.Equal(got, want) {
		t.Errorf("followed: %q in %d answers", got, len(follows.told))
	}
	l.writes("5")
	p.Drop(follows)
	l.writes("6")
	if got := text(follows.told[1:]...); len(got) != 2 || !slices.Contains(got, "db 5") || !slices.Contains(got, "web 5") || len(l.followed) > 0 {
		t.Errorf("and then: %q, %d still follow", got, len(l.followed))
	}
}

func TestEnd(t *testing.T) {
	l := newFakeLoop("web", "db")
	for _, s := range l.all {
		s.view = machine.View{State: machine.Stopping, PID: 812}
	}
	p := l.pending()
	stop, wait, follows := &fakeCall{t: t}, &fakeCall{t: t}, &fakeCall{t: t}
	w := p.Await(stop, Stopped, 0)
	w.Add(0, 1)
	w.Add(1, 2)
	p.WaitFor(wait, request.Wait{Service: "web", For: request.Up}, 0)
	p.Events(follows, request.Events{Follow: true})
	l.all[0].view = machine.View{State: machine.Stopped}
	last := l.happens("", "all is down")
	p.End(0)
	const want = "refused: supervise exits"
	if o := stop.reply.Outcomes; stop.failure() != want || len(o) != 2 || o[0].Text != "is down: exited with code 0" || o[1].Text != "is still stopping" {
		t.Errorf("stop: %+v", stop.reply)
	}
	if wait.failure() != want || follows.reply == nil || !slices.Equal(follows.events(), []uint64{last}) {
		t.Errorf("wait: %+v, events: %+v", wait.reply, follows.told)
	}
	p.End(0) // nobody is left
}

// TestGoneBefore has clients go before their calls are taken: the word of it may come first,
// and there is no second.
func TestGoneBefore(t *testing.T) {
	l := newFakeLoop("web")
	p := l.pending()
	gone := &fakeCall{t: t, gone: true}
	p.Drop(gone)
	p.Await(gone, Started, 0).Add(0, 1)
	p.WaitFor(gone, request.Wait{Service: "web", For: request.Up}, 0)
	p.Events(gone, request.Events{Follow: true})
	p.Lines(gone, request.Logs{Service: "web", Follow: true})
	if len(p.waits)+len(p.followers)+len(p.readers)+len(l.followed) > 0 {
		t.Errorf("kept: %+v", p)
	}
}

// TestAnsweredOnce makes calls of every kind in any order, while services change at random:
// each gets one last answer, or is dropped. What fakeCall is told too often it says itself.
func TestAnsweredOnce(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 8))
		l := newFakeLoop("web", "db")
		p := l.pending()
		var all []*fakeCall
		dropped := map[*fakeCall]bool{}
		now, ticket := time.Duration(0), machine.Ticket(0)
		for range 100 {
			now += time.Duration(random.IntN(300)) * time.Millisecond
			call := &fakeCall{t: t, name: fmt.Sprint("seed ", seed, ", call ", len(all))}
			all = append(all, call)
			switch random.IntN(4) {
			case 0:
				w := p.Await(call, Started+Condition(random.IntN(numConditions-int(Started))), now)
				for id := range l.all {
					ticket++
					w.Add(machine.ServiceID(id), ticket)
					if random.IntN(4) > 0 {
						p.Report(machine.ServiceID(id), ticket, machine.Note{Kind: machine.NoteKind(random.IntN(50))})
					}
				}
			case 1:
				r := request.Wait{Service: "web", For: []request.Condition{request.Up, request.Ready, request.Down, "?"}[random.IntN(4)]}
				if random.IntN(2) > 0 {
					r.Timeout = time.Second
				}
				p.WaitFor(call, r, now)
			case 2:
				p.Events(call, request.Events{Follow: random.IntN(2) > 0, Services: []string{"db"}})
			case 3:
				p.Lines(call, request.Logs{Service: "db", Follow: random.IntN(2) > 0})
			}
			s := l.all[random.IntN(2)]
			s.view = machine.View{State: machine.State(random.IntN(9)), Gen: machine.Gen(random.IntN(3)), PID: int32(random.IntN(2))}
			s.stopped = random.IntN(2) > 0
			l.happens(s.name, "something")
			l.writes("something")
			if random.IntN(2) > 0 {
				p.Publish(now)
			}
			if call := all[random.IntN(len(all))]; random.IntN(3) == 0 && call.reply == nil {
				p.Drop(call)
				dropped[call] = true
			}
		}
		p.End(now)
		p.Publish(now + time.Hour)
		l.writes("nobody hears it")
		for _, call := range all {
			if dropped[call] == (call.reply != nil) {
				t.Errorf("%s: dropped %v, answered %+v", call.name, dropped[call], call.reply)
			}
		}
	}
}
