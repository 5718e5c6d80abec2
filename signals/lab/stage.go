package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
	"supervise/signals/state"
	"supervise/signals/state/procfs"
)

// message is what a stage tells, one line of JSON each.
type message struct {
	Step       *Step  `json:",omitempty"`
	Impossible string `json:",omitempty"`
	Failed     string `json:",omitempty"`
	End        bool   `json:",omitempty"`
}

// reportFD is where a stage tells it.
const reportFD = 3

// Stage makes an experiment: it is the whole life of the process that [Run] starts. An error
// is one of the program, not of the experiment.
func Stage(name string) error {
	runtime.LockOSThread() // the death of this thread is that of the actors' parent: PR_SET_PDEATHSIG
	e := Find(name)
	if e == nil {
		return fmt.Errorf("there is no experiment %q", name)
	}
	if _, err := unix.FcntlInt(reportFD, unix.F_GETFD, 0); err != nil || os.Getpid() != 1 {
		return errors.New("a stage is started by supervise lab, in a PID namespace of its own")
	}
	report := os.NewFile(reportFD, "report")
	unix.CloseOnExec(reportFD)
	s := &stage{tell: json.NewEncoder(report)}
	s.play(e)
	return s.tell.Encode(message{End: true})
}

// stage is what an experiment works with. Whatever fails that is not part of the experiment
// ends it: see must.
type stage struct {
	tell    *json.Encoder
	theatre *actor.Theatre
}

// notPossible and broken end an experiment, by panic: play recovers them, so that an
// experiment reads as what is done and seen.
type (
	notPossible string
	broken      struct{ err error }
)

// play makes an experiment, and tells why it ended early.
func (s *stage) play(e *Experiment) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case notPossible:
			s.must(s.tell.Encode(message{Impossible: string(r)}))
		case broken:
			s.must(s.tell.Encode(message{Failed: r.err.Error()}))
		default:
			panic(r)
		}
	}()
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		s.impossible("cannot mount /proc in a namespace: %v", err)
	}
	var err error
	if s.theatre, err = actor.Open(); err != nil {
		s.impossible("%v", err)
	}
	e.run(s)
}

// must ends the experiment if err is not nil. That this machine has no more processes or
// memory is no news about signals.
func (*stage) must(err error) {
	var number syscall.Errno
	switch {
	case err == nil:
	case errors.As(err, &number) && slices.Contains(lacking, number):
		panic(notPossible(err.Error()))
	default:
		panic(broken{err})
	}
}

// lacking are the errors of somebody who lacks something, or whose system calls are filtered.
var lacking = []syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENFILE, unix.ENOSPC, unix.ENOSYS}

// impossible ends the experiment, with the reason why it cannot be made here.
func (*stage) impossible(format string, args ...any) {
	panic(notPossible(fmt.Sprintf(format, args...)))
}

// do tells what is done next.
func (s *stage) do(format string, args ...any) {
	s.must(s.tell.Encode(message{Step: &Step{Text: fmt.Sprintf(format, args...)}}))
}

// expect tells what is seen, beside what should be.
func (s *stage) expect(what string, seen, expected any) {
	s.must(s.tell.Encode(message{Step: &Step{Text: what, Seen: word(seen), Expected: word(expected)}}))
}

// word is a value in words. No value is the empty word, which is that of nothing seen.
func word(value any) string {
	var number syscall.Errno
	switch v := value.(type) {
	case nil:
		return "success"
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case error:
		if errors.As(v, &number) {
			return unix.ErrnoName(number)
		}
	case []string:
		if len(v) == 0 {
			return "nothing"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(value)
}

// player is an actor of which every failure ends the experiment.
type player struct {
	*actor.Actor
	s *stage
}

// actor starts an actor: a process with default signals, nothing blocked, a child of the stage.
func (s *stage) actor() *player { return s.actorWith(&syscall.SysProcAttr{}) }

func (s *stage) actorWith(attr *syscall.SysProcAttr) *player {
	a, err := s.theatre.Start(attr)
	s.must(err)
	return &player{a, s}
}

// call makes a system call that must succeed.
func (p *player) call(number uintptr, args ...uintptr) int {
	n, err := p.Call(number, args...)
	p.s.must(err)
	return n
}

// begin has a system call begun, and waits until the kernel waits in it.
func (p *player) begin(number uintptr, args ...uintptr) {
	p.begun(number, args...)
	p.s.poll("the system call is begun", func() bool { return p.inside(number, args) })
}

// inside reports whether the actor waits in a system call: proc_pid_syscall(5). The first
// argument tells a read from that of what it is told next.
func (p *player) inside(number uintptr, args []uintptr) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", p.PID))
	p.s.must(err)
	fields := strings.Fields(string(text))
	return len(fields) > 1 && fields[0] == fmt.Sprint(number) && fields[1] == fmt.Sprintf("%#x", args[0])
}

// begun has a system call begun that may end the actor.
func (p *player) begun(number uintptr, args ...uintptr) { p.s.must(p.Begin(number, args...)) }

func (p *player) fork() *player {
	child, err := p.Fork(0)
	p.s.must(err)
	return &player{child, p.s}
}

func (p *player) block(set ...signals.Signal) { p.s.must(p.Mask(signals.SetOf(set...))) }

// ignore, reset and handle set what a signal does.
func (p *player) ignore(s signals.Signal) {
	p.s.must(p.Action(s, state.Action{Handler: state.IgnoreHandler}))
}

func (p *player) reset(s signals.Signal) { p.s.must(p.Action(s, state.Action{})) }

func (p *player) handle(s signals.Signal, handler uint64, flags state.Flags, mask ...signals.Signal) {
	p.s.must(p.Action(s, state.Action{Handler: handler, Flags: flags | state.SigInfo, Mask: signals.SetOf(mask...)}))
}

// take takes a pending signal, as sigtimedwait(2) does.
func (p *player) take() (info signals.Info, ok bool) {
	info, ok, err := p.Take(signals.Full)
	p.s.must(err)
	return info, ok
}

// taken takes all pending signals, and returns their names.
func (p *player) taken() (names []string) {
	for {
		info, ok := p.take()
		if !ok {
			return names
		}
		names = append(names, info.Signal.String())
	}
}

// status is what /proc says of the process.
func (p *player) status() *state.Process {
	process, err := procfs.Read(p.PID)
	p.s.must(err)
	return process
}

// pending are the signals that are pending, for the process or one of its threads.
func (p *player) pending() signals.Set { return p.status().AllPending() }

// blocked are the signals that its first thread blocks.
func (p *player) blocked() signals.Set { return p.status().Blocked }

// running reports whether the process lives and is not stopped.
func (p *player) running() bool {
	process := p.status()
	return process.Alive() && !process.Stopped()
}

// kill sends a signal by kill(2), as PID 1 of the namespace.
func (s *stage) kill(p *player, sig signals.Signal) { s.must(s.tryKill(p, sig)) }

func (*stage) tryKill(p *player, sig signals.Signal) error {
	return unix.Kill(p.PID, syscall.Signal(sig))
}
