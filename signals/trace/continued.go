package trace

import "supervise/signals"

// resumed tells of a SIGCONT that it has continued the process. The kernel does that when the
// signal is sent, whatever becomes of it then: blocked, ignored later, or handled.
func resumed(w *waiting) {
	if w.life.Signal != signals.SIGCONT {
		return
	}
	life := w.life
	lost := life.Verdict == Discarded || life.Verdict == Ignored
	switch {
	case w.guess && lost:
		life.Detail += "; the process, if it was stopped, has been continued"
	case w.guess || w.flags&FlagContinued == 0:
	case lost:
		life.Verdict, life.Detail = Continued, "when it was sent"
	case life.Verdict == Handled, life.Verdict == Pending, life.Verdict == Taken:
		life.Detail += ", and continued the process"
	}
}
