package lab

import (
	"time"

	"supervise/signals"
)

// The planted experiments are not right on purpose.
func init() {
	experiments = append(experiments,
		&Experiment{Name: "planted-difference", run: func(s *stage) {
			a := s.actor()
			a.block(signals.SIGUSR1)
			s.kill(a, signals.SIGUSR1)
			s.expect("pending", a.pending(), signals.SetOf(signals.SIGUSR2))
		}},
		&Experiment{Name: "planted-hang", run: func(s *stage) {
			s.actor()
			s.do("nothing, for ever")
			time.Sleep(time.Hour)
		}},
		&Experiment{Name: "planted-vain", run: func(s *stage) {
			a := s.actor()
			s.kill(a, signals.SIGKILL)
			a.ended()
			a.pending()
		}},
		&Experiment{Name: "planted-panic", run: func(*stage) { panic("planted") }},
		&Experiment{Name: "planted-impossible", run: func(s *stage) { s.impossible("it is %s", "planted") }},
	)
}

// Planted is how the names of the planted experiments begin.
const Planted = "planted-"
