package calls

import (
	"testing"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/request"
	"supervise/supervisor/machine"
)

func TestOutcomeOfReports(t *testing.T) {
	hup := signals.Info{Signal: signals.SIGHUP}
	refusedFor := func(why machine.Why, reason string) machine.Note {
		return machine.Note{Kind: machine.RefusedCommand, Why: why, Info: hup, Reason: reason}
	}
	for want, note := range map[string]machine.Note{
		"delivered: delivered":                                   {Kind: machine.Delivered},
		"held: held in the queue, where 3 wait for it":           {Kind: machine.Held, Count: 3},
		"coalesced: one is held for it already: the two are one": {Kind: machine.Coalesced},
		"delivered: sent to its process group":                   {Kind: machine.SentToMany, Scope: config.Group, Count: 1},
		"delivered: sent to 1 process":                           {Kind: machine.SentToMany, Scope: config.Tree, Count: 1},
		"delivered: sent to 4 processes":                         {Kind: machine.SentToMany, Scope: config.Tree, Count: 4},
		"-refused: lost: its queue is full":                      {Kind: machine.Dropped, Why: machine.QueueFull},
		"-down: does not run":                                    refusedFor(machine.NotRunning, ""),
		"-refused: operation not permitted":                      refusedFor(machine.NotSent, "operation not permitted"),
		"-refused: none of its processes could be sent SIGHUP":   refusedFor(machine.NotSent, ""),
		"-refused: a shutdown is under way":                      refusedFor(machine.ShutdownBegun, ""),
		"-refused: does not catch SIGHUP and would end by it: set `reload` in its configuration, or restart it": refusedFor(machine.WouldEnd, ""),
		"-failed: its ladder is cut": {Kind: machine.LadderCut},
	} {
		outcome := Outcome(note)
		if got := result(outcome, true) + ": " + outcome.Text; got != want {
			t.Errorf("%v: %q, want %q", note.Kind, got, want)
		}
	}
}

// TestReport has reports reach who asked, once, and nobody else.
func TestReport(t *testing.T) {
	l := newFakeLoop("web", "db")
	p := l.pending()
	delivered, held := machine.Note{Kind: machine.Delivered}, machine.Note{Kind: machine.Held, Count: 1}
	p.Report(0, 7, delivered) // nobody asked

	first, second := &fakeCall{t: t, name: "first"}, &fakeCall{t: t, name: "second"}
	w := p.Await(first, Reported, 0)
	w.Add(0, 7)
	w.Add(1, 9)
	p.Await(second, Reported, 0).Add(0, 8)
	for _, test := range []struct {
		service machine.ServiceID
		ticket  machine.Ticket
		want    bool
	}{{0, 7, true}, {1, 9, true}, {0, 8, true}, {1, 7, false}, {0, 9, false}, {0, 0, false}} {
		if got := p.Expects(test.service, test.ticket); got != test.want {
			t.Errorf("somebody waits for service %d, ticket %d: %v", test.service, test.ticket, got)
		}
	}
	p.Report(1, 7, held)
	p.Delivered(0, 7, request.Outcome{OK: true, Result: "ignored", Text: "the process ignores SIGHUP"})
	p.Report(0, 7, delivered)
	p.Report(0, 7, held) // once is enough
	p.Publish(1)
	if first.reply != nil || second.reply != nil {
		t.Fatal("answered too early")
	}
	p.Report(1, 9, held)
	p.Publish(2)
	if o := first.reply.Outcomes; len(o) != 2 || o[0].Service != "web" || o[0].Result != "ignored" || o[1].Service != "db" || o[1].Result != "held" {
		t.Errorf("first: %+v", o)
	}
	p.Report(0, 8, delivered)
	p.Publish(3)
	if o := second.reply.Outcomes; len(o) != 1 || o[0].Text != "delivered" || p.Expects(0, 8) {
		t.Errorf("second: %+v", o)
	}
}

// TestReportOfPause has a pause be refused, or take until it shows.
func TestReportOfPause(t *testing.T) {
	l := newFakeLoop("web", "db")
	l.all[0].view = machine.View{State: machine.Running, PID: 812}
	p := l.pending()
	call := &fakeCall{t: t}
	w := p.Await(call, Paused, 0)
	w.Add(0, 1)
	p.Report(0, 1, machine.Note{Kind: machine.SentToMany, Scope: config.Tree, Count: 2})
	w.Add(1, 1)
	p.Report(1, 1, machine.Note{Kind: machine.RefusedCommand, Why: machine.NotRunning})
	p.Publish(1)
	if call.reply != nil {
		t.Fatalf("answered too early: %+v", call.reply)
	}
	l.all[0].stopped = true
	p.Publish(2)
	if o := call.reply.Outcomes; len(o) != 2 || o[0].Text != "is paused: 2 processes stopped" || o[1].Text != "does not run" {
		t.Errorf("%+v", o)
	}
}
