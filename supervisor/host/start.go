package host

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/process"
)

// patience is how long the loop waits for starts: as long as nearly all of them take. To be woken
// again by another thread takes longer than most.
const patience = 10 * time.Millisecond

// start is the start of a process, from the loop's asking for it to its learning of the
// result. It belongs to the loop, but for run.
type start struct {
	host     *Host
	soon     func() (pid int, ok bool)   // starts it if that takes no time; else run goes on with it
	run      func() (pid int, err error) // starts it; called on another goroutine
	ended    func(pid int, err error)
	delayed  func() // it takes long
	progress process.Progress
	service  *service  // nil: a hook
	batch    *batch    // nil: nobody waits for it
	given    error     // it was given up, and what it was at then
	over     bool      // the loop has the result
	child    sys.Child // the process, if it has been reaped already; else its PID is 0
}

// Start begins the start of services. What is not over soon has its result later: nothing waits
// for a file system that does not answer, or for a frozen cgroup, but the service itself.
func (h *Host) Start(starts []kernel.Start) {
	if len(starts) == 1 {
		st := starts[0].Service.(*service).prepare(&starts[0])
		if pid, ok := st.soon(); ok {
			h.starts = append(h.starts, st)
			st.result(pid, nil)
			return
		}
		h.begin(st)
		return
	}
	together := &batch{told: make(chan struct{}, 1)}
	together.left.Store(int32(len(starts)))
	for i := range starts {
		st := starts[i].Service.(*service).prepare(&starts[i])
		st.batch = together
		h.begin(st)
	}
	together.await(patience)
}

// begin hands a start to the goroutines that carry them out.
func (h *Host) begin(st *start) {
	h.starts = append(h.starts, st)
	h.starters.add(st)
}

// prepare does what is to be done on the loop for a start.
func (s *service) prepare(begin *kernel.Start) *start {
	s.endHunt()
	st := &start{host: s.host, service: s}
	job := launch.Service{
		Config: s.spec, Identity: s.identity, Marks: s.host.root.Environment(s.spec.Name), Brand: s.host.root.Brand(s.spec.Name),
		Cgroup: s.tree, Warn: s.warn, Progress: &st.progress,
	}
	uid, gid := s.identity.Owner()
	files, release, err := s.route.Attach(uid, gid)
	job.Files = files
	whole := func() (process.Process, error) { return s.host.launcher.Start(job) }
	st.soon = func() (int, bool) {
		if err != nil {
			return 0, false
		}
		child, rest := s.host.launcher.StartSoon(job, patience)
		if whole = rest; rest == nil {
			release()
		}
		return child.PID, rest == nil
	}
	st.run = func() (int, error) {
		if err != nil {
			return 0, err
		}
		defer release()
		child, err := whole()
		return child.PID, err
	}
	st.ended = func(pid int, err error) {
		if err == nil {
			s.started(pid)
		}
		begin.Ended(kernel.Started{PID: pid, Err: err, Temporary: err != nil && launch.Temporary(err)})
	}
	st.delayed = func() { begin.Delayed(s.delay(&st.progress)) }
	return st
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
	files, release, err := h.hookOutput.Attach(-1, -1)
	st.run = func() (int, error) {
		if err != nil {
			return 0, err
		}
		defer release()
		child, err := h.launcher.StartHook(launch.Hook{
			Command: command.Argv, Signal: info, RuntimeDir: h.runtimeDir, Files: files, Progress: &st.progress,
		})
		return child.PID, err
	}
	st.delayed = func() { h.giveUp(st) }
	h.begin(st)
}

// KillHook kills it and its process group.
func (h *Host) KillHook(pid int) {
	send.Group(pid, signals.SIGKILL)
	send.Process(pid, signals.SIGKILL)
}
