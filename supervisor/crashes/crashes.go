package crashes

import (
	"slices"
	"strconv"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// Crashes are those of the processes of one service. The zero value is that of a service none of
// which has crashed.
type Crashes struct {
	held []kernel.Crash // of the main process, which has not ended for us
	told []told         // those whose last word is still to come
	last *status.Crash  // of the last main process that has ended; nil: nothing is known

	main   Main // that one
	signal signals.Signal
	step   machine.EventID // in which the machine was told
}

// Main is a main process, the zero value none.
type Main struct {
	PID int
	Gen machine.Gen
}

// told is a crash that the journal has.
type told struct {
	Main
	entry uint64
	state report.State // of the core, as it was told
}

// Log is where crashes of a service are told.
type Log struct {
	Service string
	Journal *journal.Journal
	Record  func(journal.Entry, journal.Fact) uint64 // adds an entry, and returns its number
}

// Ended takes note of the end of a main process, of which the machine is told in a step. signal
// is the one that has killed it.
func (k *Crashes) Ended(main Main, signal signals.Signal, step machine.EventID) {
	k.main, k.signal, k.step, k.last = main, signal, step, nil
}

// Last is the crash of the main process that has ended last, as far as it has been told.
func (k *Crashes) Last() status.Crash {
	if k.last == nil {
		return status.Crash{}
	}
	return *k.last
}

// Identify finds out whether a process was a main one, now or then, that had crashed before
// anybody knew of it.
func (k *Crashes) Identify(c *kernel.Crash, now Main) {
	for _, main := range []Main{now, k.main} {
		if c.Gen == 0 && c.PID == main.PID {
			c.Gen = main.Gen
		}
	}
}

// Take takes what is told of a crash, and tells it unless it is of the present main process. It
// reports whether Last has changed.
func (k *Crashes) Take(c kernel.Crash, now Main, to Log) (changed bool) {
	switch {
	case c.Report == nil:
		return false
	case now == Main{c.PID, c.Gen}:
		k.held = append(k.held, c)
		return false
	}
	return k.tell(&c, to)
}

// TellHeld tells what was known of the main process that has ended now. It reports whether Last
// has changed.
func (k *Crashes) TellHeld(to Log) (changed bool) {
	held := k.held
	k.held = nil
	for i := range held {
		if held[i].PID == k.main.PID {
			changed = k.tell(&held[i], to) || changed
		}
	}
	return changed
}

// isLast reports whether a crash is that of the last main process.
func (k *Crashes) isLast(c *kernel.Crash) bool { return k.main == Main{c.PID, c.Gen} }

// tell enters into the journal what is known of a crash: once why and where, and once more when
// its core is there, or is not, unless that was known.
func (k *Crashes) tell(c *kernel.Crash, to Log) (changed bool) {
	if c.Report.Signal == "" && k.isLast(c) { // nothing was read of it
		c.Report.Signal = k.signal.String()
	}
	state := c.Report.Core.State
	i := slices.IndexFunc(k.told, func(t told) bool { return t.PID == c.PID && (t.Gen == c.Gen || t.Gen == 0) })
	switch {
	case i < 0:
		entry := k.record(c, journal.Crashed, 0, to)
		if c.Stage != order.Stored {
			k.told = append(k.told, told{Main{c.PID, c.Gen}, entry, state})
		}
	case c.Stage == order.Stored:
		before := k.told[i]
		k.told = slices.Delete(k.told, i, i+1)
		if state != before.state {
			k.record(c, journal.CoreKept, before.entry, to)
		}
	}
	if !k.isLast(c) {
		return false
	}
	core := journal.CoreOf(c.Report, "")
	k.last = &status.Crash{
		ID: core.ID, Signal: core.Signal, Code: core.Code, Address: core.Address, Function: core.Function, State: core.State,
	}
	return true
}

// record adds the entry of a crash below that of the end of the main process, if it was that
// one, and that of its core below the crash.
func (k *Crashes) record(c *kernel.Crash, kind journal.FactKind, cause uint64, to Log) uint64 {
	process := ""
	if !k.isLast(c) {
		process = named(c)
	} else if cause == 0 {
		cause = to.Journal.Of(k.step, to.Service)
	}
	fact := journal.Fact{Kind: kind, Core: journal.CoreOf(c.Report, process)}
	if kind == journal.Crashed {
		fact.Lines = journal.JoinStack(c.Report)
	}
	entry := journal.Entry{Service: to.Service, PID: c.PID, Cause: cause}
	if cause != 0 {
		entry.Origin = to.Journal.Origin(cause)
	}
	return to.Record(entry, fact)
}

func named(c *kernel.Crash) string {
	if c.Name == "" {
		return strconv.Itoa(c.PID)
	}
	return strconv.Itoa(c.PID) + " (" + escape.Name(c.Name) + ")"
}

// Stranger is what the log says of the crash of a process that is of no service, "" as long as
// that is not known.
func Stranger(c *kernel.Crash) string {
	if c.Report == nil || c.Stage != order.Stored {
		return ""
	}
	fact := journal.Fact{Kind: journal.Crashed, Core: journal.CoreOf(c.Report, named(c))}
	return escape.Line("of no service: " + fact.String())
}
