package lab

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
	"supervise/signals/state"
)

var restart = Experiment{
	Name:  "restart",
	Title: "which system calls a handler interrupts, with SA_RESTART and without",
	Teaches: "SA_RESTART does not cover everything: sleeping, waiting for events or signals, System V IPC and\n" +
		"sockets with a timeout return EINTR all the same. Be ready for it, and compute timeouts anew.",
	Man:   `signal(7), "Interruption of system calls and library functions by signal handlers"`,
	Trace: []Traced{{signals.SIGUSR1, "handled", 2 * len(waits)}},
	run:   interrupt,
}

// waiting is a system call that waits, for ever or far longer than an experiment lasts.
type waiting struct {
	name     string
	number   uintptr
	restarts bool // with SA_RESTART; without, none does
	prepare  func(p *player) (args []uintptr)
}

var waits = []waiting{
	{"read of a pipe", unix.SYS_READ, true, func(p *player) []uintptr {
		reader, _ := p.pipe()
		return []uintptr{reader, actor.Scratch, 1}
	}},
	{"recvfrom of a socket", unix.SYS_RECVFROM, true, func(p *player) []uintptr {
		return []uintptr{p.socket(), actor.Scratch, 1, 0, 0, 0}
	}},
	{"recvfrom with SO_RCVTIMEO", unix.SYS_RECVFROM, false, func(p *player) []uintptr {
		socket := p.socket()
		p.words(anHour, 0)
		p.call(unix.SYS_SETSOCKOPT, socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, actor.Scratch, 16)
		return []uintptr{socket, actor.Scratch, 1, 0, 0, 0}
	}},
	{"wait4 for a child", unix.SYS_WAIT4, true, func(p *player) []uintptr {
		return []uintptr{uintptr(p.fork().PID), 0, 0, 0}
	}},
	{"futex", unix.SYS_FUTEX, true, func(p *player) []uintptr {
		p.words(0, 0)
		const wait = 0
		return []uintptr{actor.Scratch, wait, 0, 0, 0, 0}
	}},
	{"nanosleep", unix.SYS_NANOSLEEP, false, func(p *player) []uintptr {
		p.words(anHour, 0)
		return []uintptr{actor.Scratch, 0}
	}},
	{"clock_nanosleep", unix.SYS_CLOCK_NANOSLEEP, false, func(p *player) []uintptr {
		p.words(anHour, 0)
		return []uintptr{unix.CLOCK_MONOTONIC, 0, actor.Scratch, 0}
	}},
	{"ppoll", unix.SYS_PPOLL, false, func(*player) []uintptr { return []uintptr{0, 0, 0, 0, 8} }},
	{"pselect", unix.SYS_PSELECT6, false, func(*player) []uintptr { return []uintptr{0, 0, 0, 0, 0, 0} }},
	{"epoll_pwait", unix.SYS_EPOLL_PWAIT, false, func(p *player) []uintptr {
		epoll := p.call(unix.SYS_EPOLL_CREATE1, 0)
		return []uintptr{uintptr(epoll), actor.Scratch, 1, ^uintptr(0), 0, 8}
	}},
	{"sigsuspend", unix.SYS_RT_SIGSUSPEND, false, func(p *player) []uintptr {
		p.words(0, 0)
		return []uintptr{actor.Scratch, 8}
	}},
	{"sigwaitinfo of another signal", unix.SYS_RT_SIGTIMEDWAIT, false, func(p *player) []uintptr {
		p.words(uint64(signals.SetOf(signals.SIGUSR2)), 0)
		return []uintptr{actor.Scratch, 0, 0, 8}
	}},
	{"msgrcv", unix.SYS_MSGRCV, false, func(p *player) []uintptr {
		queue := p.call(unix.SYS_MSGGET, 0, 0o600) // in the IPC namespace of the stage
		return []uintptr{uintptr(queue), actor.Scratch, 8, 0, 0}
	}},
}

const restarted = "is restarted"

// anHour is longer than any experiment, in seconds.
const anHour = 3600

func interrupt(s *stage) {
	for i := range waits {
		w := &waits[i]
		s.expect(w.name+", without SA_RESTART", s.interrupted(w, 0), "EINTR")
		expected := "EINTR"
		if w.restarts {
			expected = restarted
		}
		s.expect(w.name+", with SA_RESTART", s.interrupted(w, state.Restart), expected)
	}
}

// interrupted has an actor wait, sends it a signal that it catches, and says what the system
// call did then.
func (s *stage) interrupted(w *waiting, flags state.Flags) string {
	a := s.actor()
	a.handle(signals.SIGUSR1, actor.Note, flags)
	args := w.prepare(a)
	a.begin(w.number, args...)
	s.kill(a, signals.SIGUSR1)
	s.handled()
	return a.after(w.number, args)
}

// after says what a system call did that was disturbed, and ends the actor.
func (p *player) after(number uintptr, args []uintptr) (outcome string) {
	p.s.poll("the system call returns or is restarted", func() bool {
		switch {
		case p.Returned():
			_, err := p.Result()
			outcome = word(err)
		case p.inside(number, args):
			outcome = restarted
		}
		return outcome != ""
	})
	p.s.kill(p, signals.SIGKILL)
	p.ended()
	return outcome
}

// words writes two words to where system calls are told by pointers.
func (p *player) words(first, second uint64) {
	words := [2]uint64{first, second}
	p.s.must(p.Write(actor.Scratch, unsafe.Slice((*byte)(unsafe.Pointer(&words)), unsafe.Sizeof(words))))
}

// socket makes a socket that nobody sends to.
func (p *player) socket() uintptr {
	return uintptr(p.call(unix.SYS_SOCKET, syscall.AF_UNIX, syscall.SOCK_DGRAM, 0))
}
