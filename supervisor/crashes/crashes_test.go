package crashes

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/process/tree"
)

// bed is a service with a journal.
type bed struct {
	Crashes
	log     Log
	entries []journal.Entry
}

func newBed() *bed {
	b := &bed{}
	j := journal.New(16, time.Unix(0, 0), func(machine.ServiceID) string { return "web" })
	b.log = Log{Service: "web", Journal: j, Record: func(e journal.Entry, f journal.Fact) uint64 {
		e.Fact = f
		b.entries = append(b.entries, e)
		return j.Add(e)
	}}
	return b
}

// crash is what is told of one.
func crash(main Main, stage order.Stage, state report.State) kernel.Crash {
	return kernel.Crash{
		Service: "web", PID: main.PID, Gen: main.Gen, Name: "worker", Stage: stage,
		Report: &report.Report{ID: "7f3a", Signal: "SIGSEGV", Core: report.Core{State: state}},
	}
}

// want compares the kinds of entries, each with the number of its cause.
func (b *bed) want(t *testing.T, kinds []journal.FactKind, causes []uint64) {
	t.Helper()
	var gotKinds []journal.FactKind
	var gotCauses []uint64
	for _, e := range b.entries {
		gotKinds, gotCauses = append(gotKinds, e.Fact.Kind), append(gotCauses, e.Cause)
	}
	if !slices.Equal(gotKinds, kinds) || !slices.Equal(gotCauses, causes) {
		t.Errorf("the journal has %v below %v, want %v below %v", gotKinds, gotCauses, kinds, causes)
	}
}

// TestMain tells of a main process in every order of its end and of what is told.
func TestMain(t *testing.T) {
	main := Main{812, 3}
	for _, test := range []struct {
		name         string
		before       []kernel.Crash // its end
		after        []kernel.Crash
		kinds        []journal.FactKind
		causes       []uint64
		state, other string
	}{
		{
			"all before",
			[]kernel.Crash{crash(main, order.Explained, report.Taking), crash(main, order.Stored, report.Complete)},
			nil,
			[]journal.FactKind{journal.Crashed, journal.CoreKept},
			[]uint64{0, 1},
			"complete", "",
		},
		{
			"between",
			[]kernel.Crash{crash(main, order.Explained, report.Taking)},
			[]kernel.Crash{crash(main, order.Stored, report.Truncated)},
			[]journal.FactKind{journal.Crashed, journal.CoreKept},
			[]uint64{0, 1},
			"truncated", "",
		},
		{
			"nothing new", nil,
			[]kernel.Crash{crash(main, order.Explained, report.MiniOnly), crash(main, order.Stored, report.MiniOnly)},
			[]journal.FactKind{journal.Crashed},
			[]uint64{0},
			"mini", "",
		},
		{
			"last word alone", nil,
			[]kernel.Crash{crash(main, order.Stored, report.Refused)},
			[]journal.FactKind{journal.Crashed},
			[]uint64{0},
			"refused", "",
		},
		{
			"of a worker", nil,
			[]kernel.Crash{crash(Main{900, 0}, order.Explained, report.Taking), crash(Main{900, 0}, order.Stored, report.Complete)},
			[]journal.FactKind{journal.Crashed, journal.CoreKept},
			[]uint64{0, 1},
			"", "900 (worker)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBed()
			for _, c := range test.before {
				if b.Take(c, main, b.log) || len(b.entries) != 0 {
					t.Error("it is told before its end")
				}
			}
			b.Ended(main, signals.SIGSEGV, 1)
			if b.Last().State != "" {
				t.Error("it is in the status before it is told")
			}
			if changed := b.TellHeld(b.log); changed != (len(test.before) > 0) {
				t.Error("the status has changed:", changed)
			}
			for _, c := range test.after {
				if changed := b.Take(c, Main{}, b.log); changed != (test.other == "") {
					t.Error("the status has changed:", changed)
				}
			}
			b.want(t, test.kinds, test.causes)
			if got := b.Last().State; got != test.state {
				t.Errorf("the status has %q, want %q", got, test.state)
			}
			if got := b.entries[0].Fact.Core.Process; got != test.other {
				t.Errorf("it is said to be of %q, want %q", got, test.other)
			}
			if len(b.told) != 0 {
				t.Error("it is still waited for", b.told)
			}
		})
	}
}

// TestNothingRead has a handler end that has read nothing: how the process ended is known.
func TestNothingRead(t *testing.T) {
	b, main := newBed(), Main{812, 1}
	b.Ended(main, signals.SIGABRT, 1)
	c := crash(main, order.Stored, report.Refused)
	c.Report.Signal = ""
	b.Take(c, Main{}, b.log)
	if got := b.Last().Signal; got != "SIGABRT" {
		t.Errorf("the signal is said to be %q", got)
	}
	c.Report = nil
	if b.Take(c, Main{}, b.log) || len(b.entries) != 1 {
		t.Error("something is told of nothing")
	}
}

// TestIdentify knows main processes by their pids.
func TestIdentify(t *testing.T) {
	b := newBed()
	b.Ended(Main{812, 3}, signals.SIGSEGV, 1)
	now := Main{813, 4}
	for _, test := range []struct{ is, want Main }{
		{Main{812, 0}, Main{812, 3}},
		{Main{813, 0}, Main{813, 4}},
		{Main{813, 2}, Main{813, 2}}, // it is known
		{Main{900, 0}, Main{900, 0}},
	} {
		c := crash(test.is, order.Explained, report.Taking)
		b.Identify(&c, now)
		if got := (Main{c.PID, c.Gen}); got != test.want {
			t.Errorf("%v is taken for %v, want %v", test.is, got, test.want)
		}
	}
	c := crash(Main{812, 0}, order.Explained, report.Taking)
	if b.Identify(&c, Main{812, 4}); c.Gen != 4 {
		t.Error("a pid that was given again is taken for the former process")
	}
}

func TestStranger(t *testing.T) {
	c := crash(Main{812, 0}, order.Explained, report.Taking)
	if text := Stranger(&c); text != "" {
		t.Errorf("%q is said before it is known", text)
	}
	c.Stage, c.Name, c.Report.Core.State = order.Stored, "evil\n", report.Refused
	if text := Stranger(&c); !strings.HasPrefix(text, "of no service: ") || strings.Contains(text, "\n") || !strings.Contains(text, "812 (evil") {
		t.Errorf("a stranger: %q", text)
	}
}

func TestRemnants(t *testing.T) {
	var r Remnants
	if _, ok := r.Ended(812); ok || r.Has(812) {
		t.Error("there is one")
	}
	c := crash(Main{812, 3}, order.Released, report.Taking)
	r.Add(2, &c)
	if !r.Has(812) || r.Has(813) {
		t.Error("it is not known by its pid")
	}
	want := machine.Event{Kind: machine.RemnantEnded, Service: 2, Gen: 3, PID: 812}
	if event, ok := r.Ended(812); !ok || event != want {
		t.Errorf("its end is %+v", event)
	}
	if _, ok := r.Ended(812); ok {
		t.Error("it ends twice")
	}
}

func TestDumping(t *testing.T) {
	state := func(pid int) (sys.SignalState, error) {
		if pid == 3 {
			return sys.SignalState{Dumping: true}, errors.New("it is gone")
		}
		return sys.SignalState{Dumping: pid%2 == 0}, nil
	}
	many := make([]tree.Member, 2*maxLooked)
	for i := range many {
		many[i].PID = i
	}
	if got := Dumping(many[1:5], state); len(got) != 2 || got[0].PID != 2 || got[1].PID != 4 {
		t.Errorf("cores are written of %v", got)
	}
	if got := Dumping(many, state); len(got) != maxLooked/2 {
		t.Errorf("%d were found", len(got))
	}
}
