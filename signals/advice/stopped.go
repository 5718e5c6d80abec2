package advice

import "supervise/signals"

// stopped is a process that a signal has stopped: until SIGCONT all others but SIGKILL wait.
func stopped(f *Facts) (text, remedy string) {
	if !f.Stopped() {
		return "", ""
	}
	waiting := f.AllPending()
	for s := range waiting.All() {
		if s.Default() == signals.Ignore || s.Default() == signals.Stop || s == signals.SIGCONT {
			waiting = waiting.Without(s)
		}
	}
	text = "it is stopped, and gets no signal but SIGKILL until SIGCONT"
	if waiting != 0 {
		text = "it is stopped, and " + waiting.String() + " waits until SIGCONT"
	}
	return text, "kill -CONT " + named(Relative{PID: f.PID})
}
