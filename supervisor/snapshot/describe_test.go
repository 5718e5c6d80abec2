package snapshot

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/attribution"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// view is one of which every field that is told says something.
var view = machine.View{
	State: machine.Running, Since: 1, Wanted: machine.Up, PID: 7, Rung: 1, Rungs: 2, NextRestart: 3, Restarts: 4, Held: 5, Awaits: "db",
	Exited: true, Exit: signals.Exit{Code: 1, Signal: signals.SIGSEGV, Core: true}, ExitedAt: 6,
}

var known = Known{
	Verdict: attribution.Verdict{Certainty: attribution.Certain, By: machine.Asker{PID: 812, UID: 1000, Name: "bash"}},
	Lines:   "a\nb", Unstarted: status.Unstarted{Obstacle: status.NoSuchFile, Text: "x"},
	Crash: status.Crash{ID: "7f3a", Signal: "SIGSEGV", Code: "SEGV_MAPERR", Address: "0x10", Function: "f", State: "complete"},
}

// TestDescribe holds that everything is described that status has, but for what /proc says.
// Whoever adds a field there is asked for it here.
func TestDescribe(t *testing.T) {
	paused, waiting := view, view
	paused.Paused = true
	waiting.State = machine.Backoff
	empty := map[string]bool{}
	for i, v := range []machine.View{view, paused, waiting} {
		now := map[string]bool{}
		emptyFields(reflect.ValueOf(Describe("web", v, known, int64(time.Hour))), "", now)
		if i == 0 {
			empty = now
		}
		maps.DeleteFunc(empty, func(field string, _ bool) bool { return !now[field] })
	}
	if got, want := slices.Sorted(maps.Keys(empty)), []string{".SigQ.Limit", ".SigQ.Used"}; !slices.Equal(got, want) {
		t.Errorf("never described: %v, want %v", got, want)
	}
}

// emptyFields adds to a set the fields of a struct that are zero.
func emptyFields(v reflect.Value, path string, empty map[string]bool) {
	switch {
	case v.Kind() == reflect.Struct:
		for field, value := range v.Fields() {
			emptyFields(value, path+"."+field.Name, empty)
		}
	case v.IsZero():
		empty[path] = true
	}
}

// TestDescribeOnly holds what is told in some states alone.
func TestDescribeOnly(t *testing.T) {
	for name, test := range map[string]struct {
		change func(v *machine.View)
		got    func(s *status.Service) string
		want   string
	}{
		"no ladder":    {func(v *machine.View) { v.Rung = 0 }, func(s *status.Service) string { return s.StateText() + fmt.Sprint(s.Rungs) }, "running0"},
		"no wait":      {func(*machine.View) {}, func(s *status.Service) string { return fmt.Sprint(s.NextRestart) }, "0"},
		"a wait":       {func(v *machine.View) { v.State = machine.Backoff }, func(s *status.Service) string { return fmt.Sprint(s.NextRestart) }, "1003"},
		"first":        {func(v *machine.View) { v.Exited = false }, (*status.Service).ExitText, ""},
		"an exit":      {func(*machine.View) {}, (*status.Service).ExitText, "killed by SIGSEGV, core dumped, from pid 812 (bash, uid 1000)"},
		"paused":       {func(v *machine.View) { v.Paused = true }, (*status.Service).DisplayState, "paused"},
		"to be paused": {func(v *machine.View) { v.Paused, v.State = true, machine.Stopping }, (*status.Service).DisplayState, "stopping"},
	} {
		v := view
		test.change(&v)
		s := Describe("web", v, known, 1000)
		if got := test.got(&s); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestDescribeClient tells of who is behind our own client, in all forms the same process.
func TestDescribeClient(t *testing.T) {
	ended := known
	ended.Verdict.By = machine.Asker{PID: 9, Name: "supervise", Behind: machine.Behind{PID: 812, UID: 1000, Name: "bash", User: "root"}}
	exit := Describe("web", view, ended, 0).Exit
	if exit.By != (status.Process{PID: 812, UID: 1000, Name: "bash"}) || exit.Cause != "from pid 812 (bash, user root)" {
		t.Errorf("by %+v, %q", exit.By, exit.Cause)
	}
}

// TestWords holds that package status, which cannot import the machine, has its words, and
// a colour for every state that is neither at rest nor gone.
func TestWords(t *testing.T) {
	for word, want := range map[string]fmt.Stringer{
		status.Running: machine.Running, status.Up: machine.Up, status.Down: machine.Down, status.Absent: machine.Absent,
	} {
		if word != want.String() {
			t.Errorf("%q, want %q", word, want)
		}
	}
	for state := machine.Stopped; state <= machine.Removed; state++ {
		row := status.Rows([]status.Service{{State: state.String()}}, 0)[1]
		plain := !slices.ContainsFunc(row, func(c status.Cell) bool { return c.Color != "" })
		if plain != (state == machine.Stopped || state == machine.Removed) {
			t.Errorf("%v has no colour: %v", state, plain)
		}
	}
}
