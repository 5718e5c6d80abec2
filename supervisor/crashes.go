package supervisor

import (
	"slices"
	"strconv"

	"supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/internal/text/escape"
	"supervise/supervisor/journal"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
	"supervise/supervisor/status"
)

// crashes is what the loop keeps of a service for what is told of its cores. That comes at any
// time: before the main process is reaped, and when the next one has run for long.
type crashes struct {
	held []kernel.Crash // of the main process, which has not been reaped
	told []toldCrash    // the ones whose last word is still to come
	last status.Crash   // of the last main process

	pid  int             // of the last main process that has ended
	gen  machine.Gen     // of it
	step machine.EventID // in which the machine was told
}

// toldCrash is a crash that the journal has.
type toldCrash struct {
	pid   int
	gen   machine.Gen
	entry uint64
	state report.State // of the core, as it was told
}

// ended takes note of the end of a main process.
func (k *crashes) ended(pid int, gen machine.Gen, step machine.EventID) {
	k.pid, k.gen, k.step, k.last = pid, gen, step, status.Crash{}
}

// isLast reports whether a crash is that of the last main process.
func (k *crashes) isLast(c *kernel.Crash) bool { return k.pid == c.PID && k.gen == c.Gen }

// tellHeldCrashes tells what is known of a main process that has ended.
func (s *Supervisor) tellHeldCrashes(service *service, pid int) {
	held := service.crashes.held
	service.crashes.held = nil
	for i := range held {
		if held[i].PID == pid {
			s.tellCrash(service, &held[i])
		}
	}
}

// tellCrash enters into the journal what is known of a crash: once why and where, and once more
// when its core is there, or is not, unless that was known.
func (s *Supervisor) tellCrash(service *service, c *kernel.Crash) {
	k := &service.crashes
	if c.Report.Signal == "" && k.isLast(c) { // nothing was read of it
		c.Report.Signal = s.machine.View(service.id).Exit.Signal.String()
	}
	state := c.Report.Core.State
	i := slices.IndexFunc(k.told, func(t toldCrash) bool { return t.pid == c.PID && (t.gen == c.Gen || t.gen == 0) })
	switch {
	case i < 0:
		entry := s.recordCrash(service, c, journal.Crashed, 0)
		if c.Stage != order.Stored {
			k.told = append(k.told, toldCrash{c.PID, c.Gen, entry, state})
		}
	case c.Stage == order.Stored:
		told := k.told[i]
		k.told = slices.Delete(k.told, i, i+1)
		if state != told.state {
			s.recordCrash(service, c, journal.CoreKept, told.entry)
		}
	}
	if k.isLast(c) {
		core := journal.CoreOf(c.Report, "")
		k.last = status.Crash{
			ID: core.ID, Signal: core.Signal, Code: core.Code, Address: core.Address, Function: core.Function, State: core.State,
		}
		s.touch(service.id)
	}
}

// recordCrash adds the entry of a crash below that of the end of the main process, if it was that
// one, and that of its core below the crash.
func (s *Supervisor) recordCrash(service *service, c *kernel.Crash, kind journal.FactKind, cause uint64) uint64 {
	process := ""
	if k := &service.crashes; k.isLast(c) && cause == 0 {
		cause = s.journal.Of(k.step, service.name())
	} else if !k.isLast(c) {
		process = strconv.Itoa(c.PID)
		if c.Name != "" {
			process += " (" + escape.Name(c.Name) + ")"
		}
	}
	fact := journal.Fact{Kind: kind, Core: journal.CoreOf(c.Report, process)}
	if kind == journal.Crashed {
		fact.Lines = journal.JoinStack(c.Report)
	}
	entry := journal.Entry{Service: service.name(), PID: c.PID, Cause: cause}
	if cause != 0 {
		entry.Origin = s.journal.Origin(cause)
	}
	return s.recordFact(entry, fact)
}

// tellStranger logs the crash of a process that is of no service.
func (s *Supervisor) tellStranger(c *kernel.Crash) {
	if c.Report == nil || c.Stage != order.Stored {
		return
	}
	core := journal.CoreOf(c.Report, strconv.Itoa(c.PID)+" ("+escape.Name(c.Name)+")")
	fact := journal.Fact{Kind: journal.Crashed, Core: core}
	s.log.Info().Int("pid", c.PID).Msg(escape.Line("of no service: " + fact.String()))
}
