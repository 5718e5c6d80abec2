package advice

import (
	"supervise/signals"
	"supervise/signals/state"
)

// initWithoutTerm is PID 1 of a container that SIGTERM does nothing to: pid_namespaces(7).
func initWithoutTerm(f *Facts) (text, remedy string) {
	why := "has no handler for"
	switch {
	case !f.Init() || f.Taken().Has(signals.SIGTERM):
		return "", ""
	case f.Disposition(signals.SIGTERM) == state.Ignored:
		why = "ignores"
	case f.Disposition(signals.SIGTERM) == state.Caught:
		return "", ""
	}
	return "it is PID 1 of its PID namespace, and " + why + " SIGTERM, which has no effect on it then: 'docker stop' waits in vain, and kills it",
		"start it as 'supervise init -- COMMAND', or with docker run --init, or have the program handle SIGTERM"
}
