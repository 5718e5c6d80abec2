package trace

import (
	"strconv"
	"unicode/utf8"
)

// Table lays out lines in columns that become wider with what they have seen: what is printed
// cannot be laid out again. The zero value is ready.
type Table struct{ widths [5]int }

// least are the widths to begin with: time, sender, target, signal, how.
var least = [...]int{15, 16, 16, 8, 8}

// clock is how the time of a life is printed, in local time.
const clock = "15:04:05.000000"

// Line is one line for a life, without its end, which is [Life.End].
func (t *Table) Line(l *Life) string {
	name := l.Signal.String()
	if l.Value != nil {
		name += " " + strconv.FormatUint(*l.Value, 10)
	}
	how := How(l.Signal, l.Code)
	if l.Call != "" {
		how = l.Call
	}
	return t.row(l.Time.Format(clock), l.Origin(), l.Target.String(), name, how)
}

// Context is the line of an event.
func (t *Table) Context(e *Event) string {
	text := e.Detail
	switch {
	case e.Child != nil:
		text = e.Child.String()
	case e.File != "":
		text = e.File
	case e.Exit != nil:
		text = e.Exit.String()
	}
	return t.row(e.Time.Format(clock), e.Task.String(), "", e.Event, "") + text
}

func (t *Table) row(cells ...string) (line string) {
	for i, cell := range cells {
		width := utf8.RuneCountInString(cell)
		t.widths[i] = max(t.widths[i], min(width, 40), least[i])
		line += cell
		for ; width < t.widths[i]; width++ {
			line += " "
		}
		if i == 1 && cells[2] != "" {
			line += " ->"
		} else if i == 1 {
			line += "   "
		}
		line += " "
	}
	return line
}
