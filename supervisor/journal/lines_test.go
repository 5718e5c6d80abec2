package journal

import (
	"slices"
	"strings"
	"testing"
	"time"

	"supervise/config"
	"supervise/supervisor/machine"
)

func TestJoinLines(t *testing.T) {
	x := strings.Repeat("x", MaxLineBytes)
	many := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", ""}
	for _, test := range []struct {
		name     string
		in, want []string
	}{
		{"none", nil, nil},
		{"an empty one", []string{""}, nil},
		{"one", []string{"a"}, []string{"a"}},
		{"an empty one between", []string{"a", "", "b"}, []string{"a", "", "b"}},
		{"too many", many, many[2:]},
		{"too long together", []string{x[:1024], x[:1000], x[:1022]}, []string{x[:1000], x[:1022]}},
		{"as long as may be", []string{"a", x[1:]}, []string{x[1:]}},
		{"one too long by itself", []string{"a", x}, []string{x[:MaxLineBytes-len(cutOff)-1] + cutOff}},
		{"cut within a character", []string{"a" + strings.Repeat("é", 2000)}, []string{"a" + strings.Repeat("é", 1018) + cutOff}},
		{"no characters", []string{strings.Repeat("\xa9", 3000)}, []string{strings.Repeat("\xa9", 2033) + cutOff}},
	} {
		got := LineList(JoinLines(test.in))
		if !slices.Equal(got, test.want) || len(JoinLines(test.in)) >= MaxLineBytes {
			t.Errorf("%s: %.60q, want %.60q", test.name, got, test.want)
		}
	}
}

// lines adds the last lines before an exit.
func (j *Journal) lines(exit uint64, text string) uint64 {
	return j.Add(Entry{Service: "web", Cause: exit, Origin: j.Origin(exit), Fact: Fact{Kind: LinesRead, Lines: text}})
}

// TestLines has each end keep its last lines, over a new start too, and those of the last end
// in every explanation.
func TestLines(t *testing.T) {
	var written diskRecorder
	j := newJournal(100)
	j.RecordTo(&written, func() Header { return Header{Configuration: &config.File{}} })
	first := j.turn(web, 0, 0)
	firstLines := j.lines(first, "one\x1b[2J\ntwo\xff")
	second := j.turn(web, 0, 0)
	j.fact("db", 0, 0)
	secondLines := j.lines(second, "three")
	if got, want := numbers(j.Why("web", 0, 0)), []uint64{second, secondLines}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
	start := j.turn(web, 0, 0)
	for also, want := range map[uint64][]uint64{
		0: {start}, firstLines: {first, firstLines, start}, secondLines: {second, secondLines, start}, start: {start}, 99: {start},
	} {
		if got := numbers(j.Why("web", 0, also)); !slices.Equal(got, want) {
			t.Errorf("why web, and %d: %v, want %v", also, got, want)
		}
	}
	next := New(100, time.Unix(2000, 0), j.name)
	next.Resume(written)
	for _, journal := range []*Journal{j, next} {
		e, _ := journal.Event(firstLines)
		if e.Kind != "lines" || e.Cause != first || e.Origin != first || e.Text != "its last 2 lines before that" ||
			!slices.Equal(e.Lines, []string{"one\x1b[2J", "two\ufffd"}) {
			t.Errorf("the lines: %+v", e)
		}
		if e, _ := journal.Event(first); e.Lines != nil {
			t.Errorf("the exit has lines: %+v", e)
		}
		if got := journal.Of(machine.EventID(2), "web"); got == secondLines {
			t.Errorf("lines stand for a step: %d", got)
		}
	}
}
