package explain

import (
	"supervise/coredump/elfcore"
	"supervise/coredump/report"
	"supervise/internal/text"
	"supervise/signals"
)

// Options say how to explain a core.
type Options struct {
	Open Opener // nil opens nothing
	// AllModules compares the file of each module with the core, not only of those that a stack
	// leads through.
	AllModules bool
	// Frames is how many frames of a thread are found at most; 0 is 256.
	Frames int
	// Registers adds those of every thread.
	Registers bool
	// StacksOnly leaves out the arguments, the environment, and the build ids of the modules that
	// no stack leads through.
	StacksOnly bool
	// Ends says that the process ends with the report: files stay open and mapped, which the end
	// of the process undoes at once.
	Ends bool
}

// MaxModules is of how many modules a report is at most.
const MaxModules = 1 << 13

const (
	defaultFrames = 256
	maxThreads    = 1 << 15
)

// Explain makes a report of a core: all of it that the core and the files of its modules say.
// What the caller knows better, such as the time and the service, is for the caller to add.
func Explain(core *elfcore.Core, options Options) *report.Report {
	r := &report.Report{}
	r.Problems = append(r.Problems, core.Problems...)
	ended(r, &core.Notes)
	guarded(r, func() { explain(r, core, options) })
	if len(r.Threads) == 0 {
		r.Problems = append(r.Problems, "the core says nothing of threads")
	}
	return r
}

// Exe returns the path of the program that a core is of, "" if it does not say.
func Exe(core *elfcore.Core) string {
	path, _ := text.CutSuffix(newProcess(core, nil).exe(), " (deleted)")
	return path
}

// guarded does what reads mapped files: one that becomes shorter meanwhile is a problem, not
// the end of the program.
func guarded(r *report.Report, do func()) {
	old := setPanicOnFault(true)
	defer setPanicOnFault(old)
	defer func() {
		if failure := recover(); failure != nil {
			r.Problems = append(r.Problems, "the report is not complete: "+failureText(failure))
		}
	}()
	do()
}

// failureText is what was recovered from a panic, as text.
func failureText(failure any) string {
	switch f := failure.(type) {
	case error:
		return f.Error()
	case string:
		return f
	}
	return "unknown failure"
}

func explain(r *report.Report, core *elfcore.Core, options Options) {
	p := newProcess(core, options.Open)
	if !options.Ends {
		defer p.close()
	}
	p.crashed = r.Signal != ""
	r.Exe = p.exe()
	if !options.StacksOnly {
		started(r, p)
	}
	limit := options.Frames
	if limit == 0 {
		limit = defaultFrames
	}
	stacks := p.stacks(limit)
	p.name(stacks)
	for i := range stacks {
		t := stacks[i].thread
		if options.Registers {
			t.Registers = registers(&core.Notes.Threads[i].Registers)
		}
		r.Threads = append(r.Threads, t)
	}
	r.Modules = p.describe(options.AllModules, options.AllModules || !options.StacksOnly)
	r.Problems = append(r.Problems, p.problems...)
}

// ended says of whom the core is, and which signal ended it.
func ended(r *report.Report, n *elfcore.Notes) {
	r.PID, r.UID, r.GID, r.Command = n.Process.PID, n.Process.UID, n.Process.GID, maskWords(n.Process.Args)
	// The siginfo of a core that was taken of a living process is of what stopped it for that.
	if len(n.Threads) == 0 || n.Threads[0].Signal == 0 || n.Threads[0].Signal == int(signals.SIGSTOP) {
		return
	}
	signal := signals.Signal(n.Threads[0].Signal)
	r.Signal = signal.String()
	if n.Siginfo.Signal != n.Threads[0].Signal {
		return
	}
	r.Code = n.Siginfo.Code
	r.CodeName = codeName(signal, r.Code)
	if r.HasAddress() {
		r.Address = report.Addr(n.Siginfo.Address)
	}
	if hasSender(r.Code) {
		r.Sender = report.Sender{PID: n.Siginfo.PID, UID: n.Siginfo.UID, Self: n.Siginfo.PID == n.Process.PID}
	}
}

func registers(from *elfcore.Registers) map[string]report.Addr {
	names := from.Names()
	if len(names) == 0 {
		return nil
	}
	all := make(map[string]report.Addr, len(names))
	for i, name := range names {
		all[name] = report.Addr(from.Values[i])
	}
	return all
}
