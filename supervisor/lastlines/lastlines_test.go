package lastlines

import (
	"slices"
	"testing"
	"time"

	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// TestTail has two processes end, one soon after the other.
func TestTail(t *testing.T) {
	j := journal.New(3, time.Unix(0, 0), func(machine.ServiceID) string { return "web" })
	fact := func(f journal.Fact, cause uint64) uint64 {
		return j.Add(journal.Entry{Service: "web", Cause: cause, Origin: j.Origin(cause), Fact: f})
	}
	exited := func() uint64 { return fact(journal.Fact{Kind: journal.HookEnded}, 0) }
	tell := func(exit uint64, f journal.Fact) uint64 { return fact(f, exit) }
	var tail Tail
	check := func(what, text string, read bool, want ...string) {
		t.Helper()
		lines, done := tail.Lines()
		if !slices.Equal(lines, want) || done != read || tail.Reading() == read || tail.Text() != text {
			t.Errorf("%s: %q, read: %v, text %q; want %q, %v, %q", what, lines, done, tail.Text(), want, read, text)
		}
	}
	tail.Told(7) // of nothing that has ended
	check("none", "", true)
	first := tail.Ended(tell)
	tail.Told(exited())
	check("one", "", false)
	second := tail.Ended(tell)
	exit := exited()
	tail.Told(exit)
	first([]string{"of the first"})
	check("the first is read", "", false)
	if e, _ := j.Event(3); e.Cause != 1 || !slices.Equal(e.Lines, []string{"of the first"}) {
		t.Errorf("the first: %+v", e)
	}
	second([]string{"a", "b"})
	check("both", "a\nb", true, "a", "b")
	events, lines := tail.Why(j, "web", 0)
	if lines != nil || len(events) == 0 || events[len(events)-1].Cause != exit || !slices.Equal(events[len(events)-1].Lines, []string{"a", "b"}) {
		t.Errorf("why: %+v, %q", events, lines)
	}
	for range 3 {
		exited()
	}
	if _, lines := tail.Why(j, "web", 0); len(lines) != 2 || lines[1].Text != "b" || lines[1].Service != "web" {
		t.Errorf("what the journal has forgotten: %+v", lines)
	}
	entries := j.Next()
	tail.Ended(tell)(nil)
	if check("silence", "", true); j.Next() != entries {
		t.Error("there is an entry about nothing")
	}
}
