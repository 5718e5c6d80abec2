package lab

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var cores = Experiment{
	Name:  "cores",
	Title: "which signals dump a core when they end a process",
	Teaches: "A core says by which signal a process died. Those from the terminal (SIGINT) and those that\n" +
		"ask (SIGTERM) leave none; SIGQUIT does, and is the way to ask a living process for one.",
	Man:   `signal(7), "Standard signals"; core(5)`,
	Trace: []Traced{{signals.SIGQUIT, "dumped", 1}, {signals.SIGSEGV, "dumped", 1}, {signals.SIGINT, "terminated", 1}, {signals.SIGTERM, "terminated", 1}},
	run:   dumpCores,
}

func dumpCores(s *stage) {
	s.coresStay()
	// What is written there goes with the namespace.
	if err := unix.Mount("tmpfs", "/tmp", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64m"); err != nil {
		s.impossible("cannot mount a file system for cores: %v", err)
	}
	var dumped, expected signals.Set
	ended, sent := 0, 0
	s.do("a process for each signal, at its default, is sent that signal")
	for sig := signals.Signal(1); sig <= signals.Max; sig++ {
		action := sig.Default()
		if action != signals.Terminate && action != signals.Core {
			continue
		}
		if action == signals.Core {
			expected = expected.With(sig)
		}
		sent++
		a := s.dumpable()
		s.kill(a, sig)
		exit := a.ended()
		s.coresStay() // it is the machine's, and others may have set it meanwhile
		if exit.Signal == sig {
			ended++
		}
		if exit.Core {
			dumped = dumped.With(sig)
		}
	}
	s.expect("signals that ended it", ended, sent)
	s.expect("signals that dumped a core", dumped, expected)
}

// coresStay ends the experiment unless cores are files in the working directory of a process.
func (s *stage) coresStay() {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	s.must(err)
	if p := strings.TrimSpace(string(pattern)); p == "" || strings.ContainsAny(p[:1], "|@/") {
		s.impossible("core_pattern is %q: cores would go there, not to the working directory of the processes of this experiment", p)
	}
}

// dumpable is an actor whose core goes to a file.
func (s *stage) dumpable() *player {
	a := s.actor()
	s.must(a.Write(actor.Scratch, []byte("/tmp\x00")))
	a.call(unix.SYS_CHDIR, actor.Scratch)
	var limit unix.Rlimit
	s.must(unix.Prlimit(a.PID, unix.RLIMIT_CORE, nil, &limit))
	if limit.Max < 1<<20 {
		s.impossible("the limit of cores (ulimit -Hc) is %d bytes", limit.Max)
	}
	limit.Cur = limit.Max
	s.must(unix.Prlimit(a.PID, unix.RLIMIT_CORE, &limit, nil))
	return a
}
