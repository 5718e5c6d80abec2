package host

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/process"
	"supervise/supervisor/threads"
)

// patience is how long the loop waits for starts: as long as nearly all of them take. To be woken
// again by another thread takes longer than most.
const patience = 10 * time.Millisecond

// maxInVain is how long each thread waits in vain for starts of one step, unless others are quick
// meanwhile. What is waited for too briefly piles up with its pipes where hundreds are started, as each
// has to wait for a processor.
const maxInVain = 100 * time.Millisecond

// start is the start of a process, from the loop's asking for it to its learning of the
// result. It belongs to the loop, but for run.
type start struct {
	host     *Host
	begun    *launch.Begun                   // nil: a hook
	pid      int                             // of the process, if it was started soon
	rest     func() (process.Process, error) // or what remains to be done beside the loop
	release  func()                          // closes our ends of the pipes
	ended    func(pid int, err error)
	delayed  func() // it takes long
	progress process.Progress
	service  *service  // nil: a hook
	given    error     // it was given up, and what it was at then
	over     bool      // the loop has the result
	child    sys.Child // the process, if it has been reaped already; else its PID is 0
}

// Start begins the start of services, on as many threads as may run Go code, which
// [BeginBulkStart] doubles. What is not over soon has its result later: nothing waits for a file
// system that does not answer, or for a frozen cgroup, but the service itself.
func (h *Host) Start(starts []kernel.Start) {
	h.outputs.Release() // execve may wait for a disk
	defer h.outputs.Hold()
	threads.Wait()
	begun := make([]*start, len(starts))
	for i := range starts {
		begun[i] = starts[i].Service.(*service).prepare(&starts[i])
	}
	var next atomic.Int64
	take := func() *start {
		if i := next.Add(1); i <= int64(len(begun)) {
			return begun[i-1]
		}
		return nil
	}
	var helpers sync.WaitGroup
	for range min(len(starts), runtime.GOMAXPROCS(0)) - 1 {
		helpers.Go(func() { carryOut(take) })
	}
	carryOut(take)
	helpers.Wait()
	for _, st := range begun {
		h.starts = append(h.starts, st)
		if st.rest == nil {
			st.result(st.pid, nil)
		} else {
			h.starters.add(st)
		}
	}
}

// maxUnderWay is how many starts each thread begins before it waits for the first of them. Each
// has its pipes open, and a child takes the longer to close what it does not need the more there
// is.
const maxUnderWay = 4

// carryOut begins starts, one after the other, while the kernel loads the programs of those
// before.
func carryOut(take func() *start) {
	var underWay, late []*start
	left := maxInVain
	for st := take(); st != nil || len(underWay) > 0; {
		if st != nil && len(underWay) < maxUnderWay {
			st.begin()
			underWay = append(underWay, st)
			st = take()
			continue
		}
		if wait := min(patience, left); underWay[0].finish(wait) {
			late = append(late, underWay[0])
			left -= wait
		} else {
			left = min(left+patience/4, maxInVain)
		}
		underWay = underWay[1:]
		late = slices.DeleteFunc(late, func(st *start) bool { return !st.finish(0) })
	}
}

// prepare says how to start a service.
func (s *service) prepare(begin *kernel.Start) *start {
	s.endHunt()
	st := &start{host: s.host, service: s}
	st.ended = func(pid int, err error) {
		if err == nil {
			s.started(pid, begin.Gen)
		}
		begin.Ended(kernel.Started{PID: pid, Err: err, Temporary: err != nil && launch.Temporary(err)})
	}
	st.delayed = func() { begin.Delayed(s.delay(&st.progress)) }
	return st
}

// begin begins a start. It may be called on any goroutine while the loop waits for it, as finish.
func (st *start) begin() {
	s := st.service
	job := launch.Service{
		Config: s.spec, Identity: s.identity, Marks: s.host.root.Environment(s.spec.Name), Brand: s.host.root.Brand(s.spec.Name),
		Cgroup: s.tree, Warn: s.warn, Progress: &st.progress,
	}
	uid, gid := s.identity.Owner()
	files, release, err := s.route.Attach(uid, gid)
	if err != nil {
		st.fail(err)
		return
	}
	job.Files, st.release = files, release
	st.begun = s.host.launcher.Begin(job)
}

// fail has the start fail, for want of pipes.
func (st *start) fail(err error) {
	st.release = func() {}
	st.rest = func() (process.Process, error) { return process.Process{}, err }
}

// finish waits for a start, but not for long. If the service does not run then, run is to do what
// remains, and hangs reports whether it was waited for in vain.
func (st *start) finish(patience time.Duration) (hangs bool) {
	if st.begun == nil {
		return false // it has failed
	}
	st.pid, st.rest = st.begun.Wait(patience)
	if st.rest == nil {
		st.release()
	}
	return st.rest != nil && st.begun.HasChild()
}

// run does what remains of a start, on another goroutine than the loop's.
func (st *start) run() (pid int, err error) {
	defer st.release()
	child, err := st.rest()
	return child.PID, err
}

// result is called on the loop when a start has ended.
func (st *start) result(pid int, err error) {
	h := st.host
	if st.over {
		return // it was given up, and there is no process
	}
	st.over = true
	// A child that was reaped here first cannot be looked at by process.Start.
	if errors.Is(err, process.ErrGivenUp) || st.given != nil && st.child.PID == pid && st.child.Exit.Signal == signals.SIGKILL {
		err = st.given
	}
	h.starts = slices.DeleteFunc(h.starts, func(other *start) bool { return other == st })
	if err == nil {
		h.await(pid)
	}
	st.ended(pid, err)
	if err == nil && st.child.PID == pid {
		delete(h.awaited, pid)
		h.reaped = append(h.reaped, st.child)
		h.Wake()
	}
}

// isDelayed is called on the loop when a start takes long.
func (st *start) isDelayed() {
	if !st.over {
		st.delayed()
	}
}

// GiveUpStart ends the start that is under way, if that hangs. Its result says so, unless it
// has succeeded in the meantime. A process that does not even die by SIGKILL holds it up still.
func (s *service) GiveUpStart() {
	for _, st := range s.host.starts {
		if st.service == s {
			s.host.giveUp(st)
			return
		}
	}
}

func (h *Host) giveUp(st *start) {
	if st.given == nil {
		st.given = fmt.Errorf("%w: it waits at %v", process.ErrGivenUp, &st.progress)
	}
	if st.progress.GiveUp() {
		h.Post(func() { st.result(0, process.ErrGivenUp) })
	}
}

// inStart returns the start that has made a child, nil if none that is under way has.
func (h *Host) inStart(pid int) *start {
	for _, st := range h.starts {
		if st.progress.Made(pid) {
			return st
		}
	}
	return nil
}

// StartHook starts the program of a signal's rule. One that hangs is given up.
func (h *Host) StartHook(command config.Command, info signals.Info, ended func(pid int, err error)) {
	st := &start{host: h, ended: ended}
	st.delayed = func() { h.giveUp(st) }
	files, release, err := h.hookOutput.Attach(-1, -1)
	st.release = release
	st.rest = func() (process.Process, error) {
		return h.launcher.StartHook(launch.Hook{
			Command: command.Argv, Signal: info, RuntimeDir: h.runtimeDir, Files: files, Progress: &st.progress,
		})
	}
	if err != nil {
		st.fail(err)
	}
	h.starts = append(h.starts, st)
	h.starters.add(st)
}

// KillHook kills it and its process group.
func (h *Host) KillHook(pid int) {
	send.Group(pid, signals.SIGKILL)
	send.Process(pid, signals.SIGKILL)
}
