package journal

import (
	"strings"

	"supervise/supervisor/machine"
)

// LastOutcome says how the last main process of a service ended, or why it could not be
// started, and what followed: "exited with code 3 after 12ms; restarts in 1s, 2 restarts in a
// row". It is empty if neither has happened, or it is forgotten.
func (j *Journal) LastOutcome(service string) string {
	var decided []string
	for id := j.next - 1; j.has(id); id-- {
		if j.at(id).service != service {
			continue
		}
		e, ok := j.Entry(id)
		if !ok || e.Action == nil {
			continue
		}
		switch note := e.Action.Note.Kind; {
		case note == machine.GaveUp, note == machine.Restarting:
			decided = append([]string{e.Text()}, decided...)
		case note == machine.LeaderExited, note == machine.CannotSpawn:
			return strings.Join(append([]string{e.Text()}, decided...), "; ")
		}
	}
	return ""
}
