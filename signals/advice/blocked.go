package advice

import "supervise/signals"

// blocked are signals that are to end a process, which wait for ever: every thread blocks them,
// and none waits for them. A thread that only does so now and then looks the same.
func blocked(f *Facts) (text, remedy string) {
	if f.HiddenFiles {
		return "", "" // it may have a signalfd
	}
	stuck := f.AllBlocked() & signals.SetOf(signals.SIGHUP, signals.SIGINT, signals.SIGQUIT, signals.SIGTERM) &^ f.Taken()
	if stuck == 0 {
		return "", ""
	}
	every := "every thread blocks "
	if len(f.Threads) == 1 {
		every = "it blocks "
	}
	text = every + stuck.String() + ", and has neither sigwait(3) nor signalfd(2) for it"
	if pending := stuck & f.AllPending(); pending != 0 {
		text += "; " + pending.String() + " waits already"
	}
	return text, "if it inherits that, start it with 'supervise exec --unblock " + commas(stuck) + " -- COMMAND'"
}

// commas lists the names of signals.
func commas(set signals.Set) string {
	text := ""
	for s := range set.All() {
		if text != "" {
			text += ","
		}
		text += s.String()
	}
	return text
}
