package page

import (
	"path"
	"strconv"

	"supervise/coredump/report"
	"supervise/internal/size"
	words "supervise/internal/text"
	"supervise/internal/text/escape"
)

// page is what is printed. All names in it come from the process that crashed.
type page struct {
	text   []byte
	colors bool
}

func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.text = append(p.text, part...)
	}
	p.text = append(p.text, '\n')
}

// padded fills an ASCII text up with blanks.
func padded(text string, width int) string { return text + blanks(width-len(text)) }

func blanks(n int) string {
	const some = "                                                "
	return some[:max(0, min(n, len(some)))]
}

// address is one with at least twelve digits.
func address(a report.Addr) string {
	digits := strconv.FormatUint(uint64(a), 16)
	const zeros = "000000000000"
	return "0x" + zeros[min(len(digits), len(zeros)):] + digits
}

// styled returns a text with an SGR parameter (ECMA-48).
func (p *page) styled(style, text string) string {
	if !p.colors || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// The styles.
const (
	bold   = "1"
	dim    = "2"
	Red    = "31"
	Yellow = "33"
	cyan   = "36"
)

// Info says why a process crashed, and where: with colours, or without.
func Info(r *report.Report, colors bool) []byte {
	p := page{colors: colors}
	who := "The process"
	switch {
	case r.Service != "":
		who = strconv.Quote(escape.Line(r.Service))
	case r.Exe != "":
		who = escape.Line(path.Base(r.Exe))
	}
	if r.Signal == "" {
		p.line(who, " did not crash: the core was taken of it while it lived")
	} else {
		p.line(who, " crashed: ", p.styled(bold, escape.Line(r.Summary())))
	}
	p.line()
	p.fields(r)
	for _, problem := range r.Problems {
		p.line("  ", p.styled(Yellow, "note: "+escape.Line(problem)))
	}
	if crashed := r.Crashed(); crashed != nil {
		p.line()
		p.thread([]*report.Thread{crashed})
	}
	if n := len(r.Threads); n > 1 {
		p.line()
		p.line(strconv.Itoa(n), " threads in all: see 'supervise core bt'")
	}
	return p.text
}

// fields prints what is known, by name.
func (p *page) fields(r *report.Report) {
	field := func(name, value string) {
		if value != "" {
			p.line("  ", padded(name, 12), " ", escape.Line(value))
		}
	}
	field("id", r.ID)
	if !r.Time.IsZero() {
		field("time", r.Time.Local().Format(timeFormat))
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

const timeFormat = "2006-01-02 15:04:05.000"

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
		text += " (" + size.Format(s.Stored) + " on the disk)"
	}
	if s.Path != "" {
		text += ", " + s.Path
	}
	return text
}

// Stacks are those of all threads, those with the same stack together.
func Stacks(r *report.Report, colors bool) []byte {
	p := page{colors: colors}
	if r.Signal != "" {
		p.line(p.styled(bold, escape.Line(r.Summary())))
		p.line()
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
			p.line()
		}
		p.thread(g)
	}
	for i, problem := range r.Problems {
		if i == 0 {
			p.line()
		}
		p.line(p.styled(Yellow, "note: "+escape.Line(problem)))
	}
	return p.text
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
func (p *page) thread(group []*report.Thread) {
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
	who := words.Join(names, ", ")
	switch {
	case first.Crashed:
		p.line(p.styled(bold, "Thread "+who+" crashed:"))
	case len(group) > 1:
		p.line(p.styled(bold, strconv.Itoa(len(group))+" threads like this: "+who))
	default:
		p.line(p.styled(bold, "Thread "+who+":"))
	}
	width := 0
	for i := range first.Frames {
		width = max(width, min(len(functionText(&first.Frames[i])), maxFunctionWidth))
	}
	for i := range first.Frames {
		p.frame(i, &first.Frames[i], width, first.Crashed && i == 0)
	}
	if first.Stopped != "" {
		p.line("  ", p.styled(Yellow, "stopped: "+escape.Line(first.Stopped)))
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

func (p *page) frame(i int, f *report.Frame, width int, crashed bool) {
	function := functionText(f)
	style := cyan
	if crashed {
		style = Red
	}
	where := escape.Line(path.Base(f.Module))
	if f.Module == "" {
		where = "no file"
	}
	if f.Source != "" {
		where += ", " + escape.Line(f.Source)
	}
	padding := blanks(width - len(function))
	p.line("  ", padded("#"+strconv.Itoa(i), 4), " ", p.styled(dim, address(f.Address)), "  ", p.styled(style, function), padding, "  ", p.styled(dim, where))
}

// Modules is the table of modules.
func Modules(all []report.Module, colors bool) []byte {
	p := page{colors: colors}
	p.line(padded("START", 14), "  ", padded("END", 14), "  ", padded("BUILD ID", 40), "  PATH")
	for i := range all {
		m := &all[i]
		id := m.BuildID
		if id == "" {
			id = "-"
		}
		text := escape.Line(m.Path)
		if m.Problem != "" {
			text += "  " + p.styled(Yellow, "("+escape.Line(m.Problem)+")")
		}
		p.line(address(m.Start), "  ", address(m.End), "  ", padded(id, 40), "  ", text)
	}
	return p.text
}
