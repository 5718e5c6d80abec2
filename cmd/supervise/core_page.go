//go:build !slim

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"supervise/coredump/report"
	"supervise/internal/size"
	"supervise/internal/text/escape"
)

// corePage is what is printed of a report. All names in it come from the process that crashed.
type corePage struct {
	text   []byte
	colors bool
}

func (p corePage) print(w io.Writer) error {
	_, err := w.Write(p.text)
	return err
}

func (p *corePage) line(format string, values ...any) {
	p.text = append(fmt.Appendf(p.text, format, values...), '\n')
}

// styled returns a text with an SGR parameter (ECMA-48).
func (p *corePage) styled(style, text string) string {
	if !p.colors || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// The styles.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
)

func (p corePage) info(r *report.Report) corePage {
	who := "The process"
	switch {
	case r.Service != "":
		who = strconv.Quote(escape.Line(r.Service))
	case r.Exe != "":
		who = escape.Line(filepath.Base(r.Exe))
	}
	if r.Signal == "" {
		p.line("%s did not crash: the core was taken of it while it lived", who)
	} else {
		p.line("%s crashed: %s", who, p.styled(bold, escape.Line(r.Summary())))
	}
	p.line("")
	p.fields(r)
	for _, problem := range r.Problems {
		p.line("  %s", p.styled(yellow, "note: "+escape.Line(problem)))
	}
	if crashed := r.Crashed(); crashed != nil {
		p.line("")
		p.thread([]*report.Thread{crashed})
	}
	if n := len(r.Threads); n > 1 {
		p.line("")
		p.line("%d threads in all: see 'supervise core bt'", n)
	}
	return p
}

// fields prints what is known, by name.
func (p *corePage) fields(r *report.Report) {
	field := func(name, value string) {
		if value != "" {
			p.line("  %-12s %s", name, escape.Line(value))
		}
	}
	field("id", r.ID)
	if !r.Time.IsZero() {
		field("time", clock(r.Time))
	}
	field("service", r.Service)
	field("pid", strconv.Itoa(r.PID)+" (uid "+strconv.Itoa(r.UID)+", gid "+strconv.Itoa(r.GID)+")")
	field("exe", r.Exe)
	field("command", r.Command)
	field("directory", r.Directory)
	field("hostname", r.Hostname)
	field("cgroup", r.Cgroup)
	if r.Signal != "" {
		field("signal", r.Signal)
		field("cause", r.CauseInWords())
	}
	field("core", coreState(r))
	if r.Mini.Size > 0 {
		field("mini", sizes(r.Mini))
	}
}

// coreState says what there is of the core.
func coreState(r *report.Report) string {
	text := string(r.Core.State)
	if r.Core.Reason != "" {
		text += ": " + r.Core.Reason
	}
	if r.Core.Size > 0 {
		text += ", " + sizes(r.Core.Stored)
	}
	return text
}

func sizes(s report.Stored) string {
	text := size.Format(s.Size)
	if s.Stored > 0 && s.Stored != s.Size {
		text += " (" + size.Format(s.Stored) + " on disk)"
	}
	if s.Path != "" {
		text += ", " + s.Path
	}
	return text
}

// stacks prints all threads, those with the same stack together.
func (p corePage) stacks(r *report.Report) corePage {
	if r.Signal != "" {
		p.line("%s", p.styled(bold, escape.Line(r.Summary())))
		p.line("")
	}
	index := map[string]int{}
	var groups [][]*report.Thread
	for i := range r.Threads {
		t := &r.Threads[i]
		key := stackKey(t)
		at, ok := index[key]
		if !ok || t.Crashed {
			at = len(groups)
			groups = append(groups, nil)
			if !t.Crashed { // it stays alone
				index[key] = at
			}
		}
		groups[at] = append(groups[at], t)
	}
	for i, g := range groups {
		if i > 0 {
			p.line("")
		}
		p.thread(g)
	}
	for i, problem := range r.Problems {
		if i == 0 {
			p.line("")
		}
		p.line("%s", p.styled(yellow, "note: "+escape.Line(problem)))
	}
	return p
}

// stackKey is the same for threads whose stacks have the same addresses.
func stackKey(t *report.Thread) string {
	b := make([]byte, 0, 16*len(t.Frames)+len(t.Stopped))
	for i := range t.Frames {
		b = append(strconv.AppendUint(b, uint64(t.Frames[i].Address), 16), ' ')
	}
	return string(append(b, t.Stopped...))
}

// shownThreads is how many threads with the same stack are named.
const shownThreads = 8

// thread prints a stack, and whose it is.
func (p *corePage) thread(group []*report.Thread) {
	first := group[0]
	var names []string
	for i, t := range group {
		if i == shownThreads {
			names = append(names, "...")
			break
		}
		name := strconv.Itoa(t.TID)
		if t.Name != "" {
			name += " (" + escape.Name(t.Name) + ")"
		}
		names = append(names, name)
	}
	who := strings.Join(names, ", ")
	switch {
	case first.Crashed:
		p.line("%s", p.styled(bold, "Thread "+who+" crashed:"))
	case len(group) > 1:
		p.line("%s", p.styled(bold, strconv.Itoa(len(group))+" threads like this: "+who))
	default:
		p.line("%s", p.styled(bold, "Thread "+who+":"))
	}
	width := 0
	for i := range first.Frames {
		width = max(width, min(len(functionText(&first.Frames[i])), maxFunctionWidth))
	}
	for i := range first.Frames {
		p.frame(i, &first.Frames[i], width, first.Crashed && i == 0)
	}
	if first.Stopped != "" {
		p.line("  %s", p.styled(yellow, "stopped: "+escape.Line(first.Stopped)))
	}
}

// maxFunctionWidth is how long a function's name may be and have others aligned to it.
const maxFunctionWidth = 44

func functionText(f *report.Frame) string {
	if f.Handler {
		return "<signal handler called>"
	}
	if f.Function == "" {
		return "?"
	}
	if f.Offset == 0 {
		return escape.Line(f.Function)
	}
	return escape.Line(f.Function) + "+0x" + strconv.FormatUint(f.Offset, 16)
}

func (p *corePage) frame(i int, f *report.Frame, width int, crashed bool) {
	function := functionText(f)
	style := cyan
	if crashed {
		style = red
	}
	where := escape.Line(filepath.Base(f.Module))
	if f.Module == "" {
		where = "no file"
	}
	if f.Source != "" {
		where += ", " + escape.Line(f.Source)
	}
	padding := strings.Repeat(" ", max(0, width-len(function)))
	p.line("  %-4s %s  %s%s  %s", "#"+strconv.Itoa(i), p.styled(dim, fmt.Sprintf("0x%012x", uint64(f.Address))), p.styled(style, function), padding, p.styled(dim, where))
}

// modules prints the table of modules.
func (p corePage) modules(all []report.Module) corePage {
	p.line("%-14s  %-14s  %-40s  %s", "START", "END", "BUILD ID", "PATH")
	for i := range all {
		m := &all[i]
		id := m.BuildID
		if id == "" {
			id = "-"
		}
		text := escape.Line(m.Path)
		if m.Problem != "" {
			text += "  " + p.styled(yellow, "("+escape.Line(m.Problem)+")")
		}
		p.line("0x%012x  0x%012x  %-40s  %s", uint64(m.Start), uint64(m.End), id, text)
	}
	return p
}
