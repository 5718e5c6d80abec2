package supervisor

import (
	"time"

	"supervise/supervisor/attribution"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// checkOOM looks into the end of a main process by a SIGKILL that nobody sent through us:
// it may have been the kernel's OOM killer. That reads files, beside the loop. step is the
// one that took note of the end.
func (s *Supervisor) checkOOM(service *service, pid int, step machine.EventID) {
	if s.oom == nil {
		return
	}
	view, events := s.machine.View(service.id), service.system.MemoryEvents()
	s.kernel.Beside(func() func() {
		finding := s.oom.Look(pid, view.ExitedAt-view.Up, events)
		if finding.Evidence == attribution.NoEvidence {
			return nil
		}
		return func() { s.attributeOOM(service, view.ExitedAt, finding, step) }
	})
}

// attributeOOM has everything that tells of an end say that it was the kernel. at is when
// the process ended: there may be a later end by now, of which nothing is known.
func (s *Supervisor) attributeOOM(service *service, at time.Duration, finding attribution.Finding, step machine.EventID) {
	if view := s.machine.View(service.id); view.ExitedAt == at {
		service.verdict.OOM = finding
		s.touch(service.id)
	}
	cause := s.journal.Of(step, service.spec.Name)
	s.recordFact(journal.Entry{Service: service.spec.Name, Cause: cause, Origin: cause},
		journal.Fact{Kind: journal.OOMFound, OOM: finding})
}
