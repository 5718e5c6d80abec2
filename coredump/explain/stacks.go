package explain

import (
	"errors"

	"supervise/coredump/elfcore"
	"supervise/coredump/report"
	"supervise/coredump/symbols"
	"supervise/coredump/unwind"
	"supervise/internal/text"
)

// stack is a thread, and its frames as they were found.
type stack struct {
	thread report.Thread
	frames []unwind.Frame
}

// source is a process for package unwind.
type source struct{ *process }

// Module implements unwind.Source.
func (s source) Module(pc uint64) *unwind.Module {
	if m := s.at(pc); m != nil {
		return m.unwind
	}
	return nil
}

// Read implements unwind.Source. What the core leaves out because it is in a file is read from
// there, if it cannot have been written to.
func (s source) Read(addr uint64, b []byte) bool {
	if s.read(addr, b) {
		return true
	}
	segment := s.segment(addr)
	if segment == nil || segment.Flags&elfcore.Write != 0 {
		return false
	}
	m := s.at(addr)
	if m == nil || m.file == nil {
		return false
	}
	in := m.file.Memory(addr - m.bias)
	return len(in) >= len(b) && copy(b, in) == len(b)
}

// Executable implements unwind.Source.
func (s source) Executable(addr uint64) bool {
	segment := s.segment(addr)
	return segment != nil && segment.Flags&elfcore.Execute != 0
}

// stacks unwinds the threads, the crashed one first.
func (p *process) stacks(limit int) []stack {
	notes := &p.core.Notes
	threads := notes.Threads
	if len(threads) > maxThreads {
		p.problems = append(p.problems, "there are more threads than are looked at")
		threads = threads[:maxThreads]
	}
	all := make([]stack, 0, len(threads))
	for i := range threads {
		t := &threads[i]
		s := stack{thread: report.Thread{TID: t.TID, Name: t.Name, Crashed: i == 0 && p.crashed}}
		if t.Name == "" && t.TID == notes.Process.PID {
			s.thread.Name = notes.Process.Name
		}
		frames, err := unwind.Stack(source{p}, dwarfRegisters(t), limit)
		s.frames = frames
		s.thread.Stopped = p.stopped(err)
		all = append(all, s)
	}
	return all
}

// stopped says why a backtrace ends early, "" if it does not.
func (p *process) stopped(err error) string {
	var early *unwind.Error
	if !errors.As(err, &early) {
		return ""
	}
	why := early.Err.Error()
	if errors.Is(err, unwind.ErrTables) && early.PC != 0 {
		why += " for " + report.Addr(early.PC).String()
		if m := p.at(early.PC); m != nil {
			why += " in " + m.path
			if m.problem != "" {
				why += ", which " + predicate(m.problem)
			}
		}
	}
	return why
}

// predicate makes the short end of a sentence of a module's problem.
func predicate(problem string) string {
	problem, _, _ = text.Cut(sentence(problem), ':')
	return problem
}

// sentence makes the end of a sentence of a module's problem.
func sentence(problem string) string {
	if problem == "missing" {
		return "is missing"
	}
	return problem
}

// amd64Numbers are DWARF's numbers of the registers in elfcore's order, -1 for none.
var amd64Numbers = [...]int8{15, 14, 13, 12, 6, 3, 11, 10, 9, 8, 0, 2, 1, 4, 5, -1, 16, -1, -1, 7}

func dwarfRegisters(t *elfcore.Thread) unwind.Registers {
	from := &t.Registers
	to := unwind.Registers{Machine: unwind.Machine(from.Machine), PointerMask: t.CodeMask}
	switch from.Machine {
	case elfcore.AMD64:
		for i, n := range amd64Numbers {
			if n >= 0 {
				to.Set(uint64(n), from.Values[i])
			}
		}
	case elfcore.ARM64:
		for i := range uint64(33) { // x0 to x30, sp and pc are in DWARF's order
			to.Set(i, from.Values[i])
		}
	}
	return to
}

// name finds the functions of all frames, module by module: so each symbol table is read once.
func (p *process) name(stacks []stack) {
	for i := range stacks {
		for k := range stacks[i].frames {
			pc := stacks[i].frames[k].Lookup()
			if m := p.at(pc); m != nil && m.unwind != nil {
				m.wanted = append(m.wanted, pc-m.bias)
			}
		}
	}
	for _, m := range p.modules {
		p.search(m)
	}
	p.search(p.vdso)
	names := map[string]string{}
	for i := range stacks {
		s := &stacks[i]
		s.thread.Frames = make([]report.Frame, len(s.frames))
		for k := range s.frames {
			s.thread.Frames[k] = p.frame(&s.frames[k], names)
		}
	}
}

// search looks for the functions of a module in its file, and then in the one with what was
// stripped off that.
func (p *process) search(m *module) {
	if m == nil || len(m.wanted) == 0 {
		return
	}
	s := symbols.NewSearch(m.wanted)
	m.search = s
	s.In(m.file)
	if !s.Missing() || m.file.HasSymbols() || m == p.vdso {
		return
	}
	for _, path := range m.file.DebugPaths(m.path) {
		f, err := p.open(Request{Path: path})
		if err != nil {
			continue
		}
		debug, err := symbols.Open(f)
		if err != nil {
			continue
		}
		same := m.file.Separate(debug)
		if same {
			s.In(debug)
		}
		debug.Close()
		if same {
			return
		}
	}
}

// Demangle demangles the names of functions in a report, of whose making the demangler was
// lacking: symbols.Lacking.
func Demangle(r *report.Report) {
	for i := range r.Threads {
		frames := r.Threads[i].Frames
		for k := range frames {
			frames[k].Function = symbols.Demangle(frames[k].Function)
		}
	}
}

// frame makes a frame of the report.
func (p *process) frame(f *unwind.Frame, names map[string]string) report.Frame {
	r := report.Frame{Address: report.Addr(f.PC), Handler: f.Signal}
	m := p.at(f.Lookup())
	if m == nil {
		return r
	}
	r.Module = m.path
	if m.search == nil {
		return r
	}
	function, ok := m.search.At(f.Lookup() - m.bias)
	if !ok {
		return r
	}
	name, ok := names[function.Name]
	if !ok {
		name = symbols.Demangle(function.Name)
		names[function.Name] = name
	}
	r.Function, r.Offset, r.Source = name, f.PC-m.bias-function.Addr, function.Source
	return r
}
