package quickread

import (
	"supervise/coredump/explain"
	"supervise/coredump/read"
	"supervise/coredump/report"
	"supervise/coredump/report/page"
	"supervise/coredump/symbols"
	"supervise/internal/sys"
	"supervise/internal/text/escape"
	"supervise/signals/intake"
)

// Frames is how many frames of a thread are printed unless a flag says otherwise.
const Frames = 256

// Question is a plain one.
type Question struct {
	file string
	info bool // info, not bt
}

// Select reads a program's arguments. ok is false for all but a plain question.
func Select(argv []string) (q Question, ok bool) {
	if len(argv) != 4 || argv[1] != "core" || argv[2] != "bt" && argv[2] != "info" {
		return q, false
	}
	return Question{file: argv[3], info: argv[2] == "info"}, isFile(argv[3])
}

// isFile reports whether an argument cannot be anything else than a file: an id of the store
// has hexadecimal digits only.
func isFile(arg string) bool {
	if arg == "" || arg[0] == '-' {
		return false
	}
	for i := range len(arg) {
		if c := arg[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return true
		}
	}
	return false
}

// Options are those of the question.
func (q Question) Options() explain.Options {
	return explain.Options{Frames: Frames, StacksOnly: !q.info, Ends: true}
}

// Answer reads the core and prints. It is called by an init function. false says that the usual
// way is to be gone.
func (q Question) Answer() (done bool) {
	intake.RestoreRuntimeSignals()
	f, err := read.Open(q.file)
	if err != nil {
		return false
	}
	r, err := read.Explain(f, q.Options(), explain.ConfineInit)
	if err != nil || symbols.Lacking() != symbols.Nothing {
		if err == nil && symbols.Lacking() == symbols.Demangler {
			unfinished = r
		}
		return false
	}
	colors := sys.Colors(1, intake.Getenv)
	text := page.Stacks(r, colors)
	if q.info {
		text = page.Info(r, colors)
	}
	return sys.Print(escape.AppendScreen(nil, text))
}

var unfinished *report.Report

// Unfinished returns the report of the question if only its names are still to be demangled,
// nil if there is none.
func Unfinished() *report.Report { return unfinished }
