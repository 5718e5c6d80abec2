package lab

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

// ended waits until a child of the stage has ended, and returns how.
func (p *player) ended() signals.Exit {
	exit := exitOf(p.await(0))
	p.s.theatre.Release(p.Actor)
	return exit
}

// stopped and continued wait until a child of the stage has stopped or continued.
func (p *player) stopped() signals.Signal {
	status := p.await(unix.WUNTRACED)
	if !status.Stopped() {
		p.s.must(errors.New("the actor ended instead of stopping: " + exitOf(status).String()))
	}
	return signals.Signal(status.StopSignal())
}

func (p *player) continued() bool { return p.await(unix.WCONTINUED).Continued() }

// await is wait4(2), bounded in time.
func (p *player) await(options int) (status unix.WaitStatus) {
	p.s.poll("the actor changes its state", func() bool {
		pid, err := unix.Wait4(p.PID, &status, options|unix.WNOHANG, nil)
		if err != unix.EINTR {
			p.s.must(err)
		}
		return pid == p.PID
	})
	return status
}

func exitOf(status unix.WaitStatus) signals.Exit {
	if status.Signaled() {
		return signals.Exit{Signal: signals.Signal(status.Signal()), Core: status.CoreDump()}
	}
	return signals.Exit{Code: status.ExitStatus()}
}

// poll waits until something is so of which nobody is told.
func (s *stage) poll(what string, is func() bool) {
	end := time.Now().Add(actor.Patience)
	for !is() {
		if time.Now().After(end) {
			s.must(errors.New("in vain: " + what))
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// handled waits for the next handler that runs.
func (s *stage) handled() actor.Handled {
	h, err := s.theatre.Handled()
	s.must(err)
	return h
}

// queue sends a signal with a value: rt_sigqueueinfo(2). The sender is the stage.
func (s *stage) queue(p *player, sig signals.Signal, value int) error {
	return queueInfo(p.PID, signals.Info{Signal: sig, Code: signals.CodeQueue, PID: 1, Value: uint64(value)})
}

func queueInfo(pid int, info signals.Info) error {
	raw := info.Raw()
	_, _, number := unix.Syscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(info.Signal), uintptr(unsafe.Pointer(&raw)))
	if number != 0 {
		return number
	}
	return nil
}
