package supervisor

import (
	"time"

	"supervise/supervisor/attribution"
	"supervise/supervisor/journal"
	"supervise/supervisor/machine"
)

// checkOOM checks whether the kernel's OOM killer sent the SIGKILL that ended a main process,
// as nobody sent it through us. It reads files, beside the loop. step is the machine's step
// that handled the exit.
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

// attributeOOM adds a finding to the status and the journal. at is when the process ended:
// by now another one may have ended, which the finding is not about.
func (s *Supervisor) attributeOOM(service *service, at time.Duration, finding attribution.Finding, step machine.EventID) {
	if view := s.machine.View(service.id); view.ExitedAt == at {
		service.verdict.OOM = finding
		s.touch(service.id)
	}
	cause := s.journal.Of(step, service.spec.Name)
	s.recordFact(journal.Entry{Service: service.spec.Name, Cause: cause, Origin: cause},
		journal.Fact{Kind: journal.OOMFound, OOM: finding})
}
