package programs

import (
	"slices"

	"supervise/signals"
)

// wrong are signals that are known to be the wrong ones to stop a program by, and the right
// ones. What is said was measured: docs/programs.md.
var wrong = []struct {
	names   []string // without versions
	signals []signals.Signal
	text    string // behind the name of the program and "upon SIGNAL"
	right   string
}{
	{[]string{"postgres", "postmaster"}, []signals.Signal{signals.SIGTERM}, "waits until all its clients have gone", `stop.signal = "SIGINT", which ends their sessions`},
	{[]string{"postgres", "postmaster"}, []signals.Signal{signals.SIGQUIT}, "ends without saving, and has to recover at its next start", `stop.signal = "SIGINT"`},
	{[]string{"postgres", "postmaster"}, []signals.Signal{signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGWINCH}, goesOn, `stop.signal = "SIGINT"`},
	{[]string{"redis-server", "valkey-server"}, []signals.Signal{signals.SIGQUIT, signals.SIGUSR1, signals.SIGUSR2}, "is killed, and does not save its data", `stop.signal = "SIGTERM"`},
	{[]string{"redis-server", "valkey-server"}, []signals.Signal{signals.SIGHUP, signals.SIGWINCH}, goesOn, `stop.signal = "SIGTERM"`},
	{[]string{"haproxy"}, []signals.Signal{signals.SIGQUIT, signals.SIGHUP, signals.SIGUSR2, signals.SIGWINCH}, goesOn, `stop.signal = "SIGUSR1" to finish connections, or SIGTERM`},
	{[]string{"nginx"}, []signals.Signal{signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGWINCH}, goesOn, `stop.signal = "SIGQUIT" to finish requests, or SIGTERM`},
	{[]string{"php-fpm"}, []signals.Signal{signals.SIGHUP, signals.SIGUSR1, signals.SIGUSR2, signals.SIGWINCH}, goesOn, `stop.signal = "SIGQUIT" to finish requests, or SIGTERM`},
	{[]string{"mariadbd"}, []signals.Signal{signals.SIGINT, signals.SIGHUP, signals.SIGUSR1, signals.SIGWINCH}, goesOn, `stop.signal = "SIGTERM"`},
	{[]string{"mariadbd"}, []signals.Signal{signals.SIGUSR2}, "is killed", `stop.signal = "SIGTERM"`},
	{[]string{"memcached"}, []signals.Signal{signals.SIGHUP, signals.SIGWINCH}, goesOn, `stop.signal = "SIGTERM"`},
	{[]string{"rsyslogd"}, []signals.Signal{signals.SIGINT, signals.SIGQUIT, signals.SIGHUP, signals.SIGUSR1, signals.SIGWINCH}, goesOn, `stop.signal = "SIGTERM"`},
	{[]string{"java"}, []signals.Signal{signals.SIGQUIT}, "prints what its threads do, and goes on", `stop.signal = "SIGTERM"`},
}

const goesOn = "goes on, and does not stop"

// wrongSignal is for a program whose ladder has nothing but signals that are the wrong ones,
// and perhaps SIGKILL. One says it of the first.
func wrongSignal(p *stopped) (h Hazard, ok bool) {
	for _, rung := range p.ladder {
		if rung.Signal == signals.SIGKILL {
			continue
		}
		one, is := wrongFor(p.name, rung.Signal)
		if !is {
			return Hazard{}, false
		}
		if !ok {
			h, ok = one, true
		}
	}
	return h, ok
}

func wrongFor(name string, s signals.Signal) (h Hazard, ok bool) {
	for _, known := range wrong {
		if slices.Contains(known.names, withoutVersion(name)) && slices.Contains(known.signals, s) {
			return Hazard{Text: "upon " + s.String() + " " + name + " " + known.text, Hint: "write " + known.right}, true
		}
	}
	return h, false
}
