package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bench/stats"
	"supervise/internal/sys"
	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// asking are the acts of a site's askers.
func (b *bench) asking(s *site) (acts []act) {
	for _, a := range s.askers {
		acts = append(acts, act{name: a.name, site: s, do: func() (float64, error) { return s.ask(a.argv(s.dir)) }})
	}
	return acts
}

// ask runs a program with its output thrown away and returns the milliseconds.
func (s *site) ask(argv []string) (ms float64, err error) {
	file, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, err
	}
	start := now()
	pid, err := syscall.ForkExec(file, argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, uintptr(s.null), uintptr(s.null)}})
	if err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", file, err)
	}
	var status syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	ms = float64(now()-start) / 1e6
	switch {
	case err != nil:
		return 0, os.NewSyscallError("wait4", err)
	case status.ExitStatus() != 0:
		return 0, fmt.Errorf("%q ended with %d", argv, status.ExitStatus())
	}
	return ms, nil
}

// commands are the acts that write into a site's FIFOs, as echo in a script does.
func (s *site) commands() (acts []act) {
	for _, f := range s.fifos {
		path := filepath.Join(s.dir, f.path)
		acts = append(acts, act{name: f.name, site: s, do: func() (float64, error) {
			pause(500 * time.Microsecond) // all are asleep again
			return s.command(path, []byte(f.text))
		}})
	}
	return acts
}

func (s *site) command(path string, text []byte) (us float64, err error) {
	start := now()
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	_, err = unix.Write(fd, text)
	_ = unix.Close(fd)
	if err != nil {
		return 0, &os.PathError{Op: "write", Path: path, Err: err}
	}
	var buffer [recordSize]byte
	if err := s.child.read(buffer[:]); err != nil {
		return 0, err
	}
	r := parseRecord(buffer[:])
	if r.signal != int32(syscall.SIGUSR1) {
		return 0, fmt.Errorf("signal %d arrived instead of SIGUSR1", r.signal)
	}
	return float64(r.time-start) / 1e3, nil
}

// inARow is how often something is asked at a time: enough for the median to be of one that
// was asked right after another, as "after a rest" is of one that was not.
const inARow = 25

// aFew is the same for what takes long.
const aFew = 3

// The names of what callTable tells per service, beside boardOfAll.
var statusOfAll = fmt.Sprintf("status of %d", fleetSize)

// calls are the acts of a program that uses the packages of supervise; end gives up what
// they need.
func (b *bench) calls(ours, fleets []*site) (acts []act, end func()) {
	floor, end := newEcho()
	acts = []act{{name: "floor", site: &site{absent: floor.absent}, do: inTurns(floor.round)}}
	ask := func(name string, s *site, do func() (float64, error)) {
		acts = append(acts, act{name: name + s.release.suffix, site: s, do: do})
	}
	for i, one := range ours {
		all := fleets[i]
		ask(roundTrip, one, inTurns(caller(one, request.Ping{})))
		once := timed(caller(one, request.Ping{}), 1)
		ask(roundTrip+", after a rest", one, func() (float64, error) { pause(time.Millisecond); return once() })
		ask("status of one", one, inTurns(caller(one, request.Status{Services: []string{"web"}})))
		ask(statusOfAll, all, timed(caller(all, request.Status{}), aFew))
		ask(boardOfAll, all, inTurns(snapshots(all)))
	}
	return acts, end
}

// caller returns a function that asks once.
func caller(s *site, r request.Request) func() error {
	var c *client.Client
	ctx := context.Background()
	return func() (err error) {
		if c == nil {
			if c, err = client.Dial(filepath.Join(s.dir, "run")); err != nil {
				return err
			}
		}
		_, err = c.Call(ctx, r)
		return err
	}
}

// snapshots returns a function that reads the board.
func snapshots(s *site) func() error {
	var r *board.Reader
	var services []status.Service
	return func() (err error) {
		if r == nil {
			if r, err = board.Open(filepath.Join(s.dir, "run")); err != nil {
				return err
			}
		}
		services = r.Snapshot(services)
		if len(services) != fleetSize || services[0].Name != "s0000" {
			return fmt.Errorf("the board has %d services", len(services))
		}
		return nil
	}
}

// inTurns returns an act that does something a few times in a row and takes the median.
func inTurns(do func() error) func() (float64, error) { return timed(do, inARow) }

// timed returns an act that does something a number of times, on a goroutine that is bound
// to no thread, as those of most programs, and takes the median in µs.
func timed(do func() error, times int) func() (float64, error) {
	return func() (us float64, err error) {
		samples := make([]float64, times)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range samples {
				start := now()
				if err = do(); err != nil {
					return
				}
				samples[i] = float64(now()-start) / 1e3
			}
		}()
		<-done
		return stats.Median(samples), err
	}
}

// echo is a thread that sends back what it receives, over two queues of our own.
type echo struct {
	queues []int
	absent string
	buffer []byte
}

func newEcho() (e *echo, end func()) {
	e = &echo{buffer: make([]byte, sys.MsgHead+64)}
	end = func() {
		for _, id := range e.queues {
			_ = sys.MsgRemove(id)
		}
	}
	for range 2 {
		id, err := sys.MsgGet(sys.IPCPrivate, sys.IPCCreate|0o600)
		if err != nil {
			e.absent = os.NewSyscallError("msgget", err).Error()
			return e, end
		}
		e.queues = append(e.queues, id)
	}
	go e.serve(slices.Clone(e.buffer))
	return e, end
}

// serve ends when the queues are removed.
func (e *echo) serve(buffer []byte) {
	runtime.LockOSThread()
	for relay(e.queues[0], e.queues[1], buffer) == nil {
		continue
	}
}

func (e *echo) round() error {
	sys.SetMsgType(e.buffer, 1)
	if err := sys.MsgSend(e.queues[0], e.buffer, 0); err != nil {
		return os.NewSyscallError("msgsnd", err)
	}
	return receive(e.queues[1], e.buffer)
}

func relay(from, to int, buffer []byte) error {
	if err := receive(from, buffer); err != nil {
		return err
	}
	return sys.MsgSend(to, buffer, sys.IPCNoWait)
}

func receive(id int, buffer []byte) error {
	for {
		if _, err := sys.MsgReceive(id, buffer, 0, 0); err != syscall.EINTR {
			return os.NewSyscallError("msgrcv", err)
		}
	}
}
