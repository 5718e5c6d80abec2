package sim

import (
	"errors"
	"slices"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/recorder"
	"supervise/supervisor/kernel"
	"supervise/supervisor/machine"
)

// selfPID is the supervisor's own.
const selfPID = 1

// The pids that processes get. There are few of them, so that they are used again soon: what
// the loop still keeps of a pid that it has reaped shows.
const (
	firstPID = 100
	endPIDs  = 300
)

// system is the fake kernel. It implements [kernel.Kernel].
type system struct {
	w         *world
	processes [endPIDs]*process // by pid, until they are reaped
	nextPID   int
	zombies   []*process // to be reaped by the loop

	intake [signals.Max + 1][]signals.Info // held back
	left   int                             // how many those are
	held   signals.Set
	taken  int // how many more come in that had been taken before the hold

	recorded []recorder.Signal
	lost     uint64 // how many are not in there

	posted []func()
	woken  bool
	beside int // how much is being done beside the loop
}

var _ kernel.Kernel = (*system)(nil)

func (k *system) register(p *process) {
	for k.processes[k.nextPID] != nil {
		k.nextPID = firstPID + (k.nextPID+1-firstPID)%(endPIDs-firstPID)
	}
	p.pid = k.nextPID
	k.processes[p.pid] = p
	k.nextPID = firstPID + (k.nextPID+1-firstPID)%(endPIDs-firstPID)
}

func (k *system) release(p *process) { k.processes[p.pid] = nil }

// hasZombie reports whether somebody of a tree is still to be reaped.
func (k *system) hasZombie(t *generation) bool {
	return slices.ContainsFunc(k.zombies, func(p *process) bool { return p.tree == t })
}

// find returns the process that has a pid, nil if none has.
func (k *system) find(pid int) *process {
	if pid < firstPID || pid >= endPIDs {
		return nil
	}
	return k.processes[pid]
}

// Now lets some time pass, in which processes may end.
func (k *system) Now() time.Duration {
	w := k.w
	w.now += 100 * time.Nanosecond
	for w.ends.next() <= w.now {
		w.endProcess(w.ends.take())
	}
	return w.now
}

// Wait is where everything happens that is not the loop's doing.
func (k *system) Wait(timeout time.Duration) (signals.Info, bool) {
	w := k.w
	w.checkIteration(timeout)
	if w.err == nil {
		if info, ok := k.released(); ok {
			w.info, w.dispatch.signal = info, true
			return info, true
		}
		if k.woken {
			k.woken = false
			return signals.Info{}, false
		}
	}
	w.timeout = never
	if timeout >= 0 {
		w.timeout = w.now + timeout
	}
	return w.pause()
}

// released takes in a signal that had been held and is no longer, the lowest number first, as
// the kernel hands them out.
func (k *system) released() (info signals.Info, ok bool) {
	if k.left == 0 {
		return info, false
	}
	for s := range k.intake {
		if queue := k.intake[s]; len(queue) > 0 && !k.held.Has(signals.Signal(s)) {
			k.intake[s] = queue[1:]
			k.left--
			return queue[0], true
		}
	}
	return info, false
}

// Wake has the loop go round once more.
func (k *system) Wake() { k.woken = true }

// Hold leaves signals in the fake kernel.
func (k *system) Hold(set signals.Set) {
	w := k.w
	if w.carriesOut(machine.Hold, machine.NoService).Set != set {
		w.fail(nil, "%v is held", set)
	}
	w.wanted |= set
	k.held |= set
	k.taken = w.random.IntN(4)
}

// Release ends that.
func (k *system) Release(set signals.Set) {
	w := k.w
	due := w.dispatch.again == machine.Tell // else the machine still wants it held
	if w.carriesOut(machine.Release, machine.NoService).Set != set {
		w.fail(nil, "%v is released", set)
	}
	if due {
		w.wanted &^= set
	}
	k.held &^= set
}

// Start makes new generations.
func (k *system) Start(starts []kernel.Start) {
	for _, start := range starts {
		start.Service.(*unit).begin(start)
	}
}

// Reap takes a zombie, in no order, but none that the loop does not know yet.
func (k *system) Reap() (sys.Child, bool) {
	known := 0
	for i, p := range k.zombies {
		if !p.unknown {
			k.zombies[i], k.zombies[known] = k.zombies[known], p
			known++
		}
	}
	if known == 0 {
		return sys.Child{}, false
	}
	i := k.w.random.IntN(known)
	p := k.zombies[i]
	k.zombies = slices.Delete(k.zombies, i, i+1)
	k.release(p)
	k.w.reaped(p)
	return sys.Child{PID: p.pid, Exit: p.exit}, true
}

var errNoProcess = errors.New("no such process")

// SignalState is what /proc says of a process.
func (k *system) SignalState(pid int) (sys.SignalState, error) {
	p := k.find(pid)
	if p == nil {
		return sys.SignalState{}, errNoProcess
	}
	return p.state(k.w.now), nil
}

// Process is who has a pid.
func (k *system) Process(pid int) (machine.Asker, bool) {
	if by := someone(pid); by.Known() {
		return by, true
	}
	return machine.Asker{}, false
}

// Obstacle knows who never ends.
func (k *system) Obstacle(pid int) string {
	if p := k.find(pid); p != nil && p.stuck == never {
		return "in uninterruptible sleep"
	}
	return ""
}

// TerminalGone takes every SIGHUP of the kernel for a terminal's end.
func (k *system) TerminalGone(info signals.Info) bool {
	return info.Signal == signals.SIGHUP && info.Code == signals.CodeKernel
}

// StartHook starts a program that runs for a while.
func (k *system) StartHook(_ config.Command, _ signals.Info, ended func(pid int, err error)) {
	w := k.w
	w.carriesOut(machine.RunHook, machine.NoService)
	k.after(k.soon(), func() {
		if w.chance(8) {
			k.post(func() {
				w.expectHook(0)
				ended(0, errMissing)
			})
			return
		}
		p := &process{alive: true, unknown: true, end: never}
		k.register(p)
		w.scheduleExit(p, w.now+w.pick(0, time.Millisecond, time.Minute), w.ownExit(), sender{})
		k.post(func() {
			p.unknown = false
			k.woken = true // it may have ended
			w.expectHook(p.pid)
			ended(p.pid, nil)
		})
	})
}

// KillHook ends it.
func (k *system) KillHook(pid int) {
	p := k.find(pid)
	if p == nil || p.tree != nil {
		k.w.fail(nil, "kills the hook %d, which is none", pid)
		return
	}
	k.w.expectHook(pid)
	k.w.send(p, signals.SIGKILL, sender{source: ladderEnd, at: k.w.now})
}

// Load makes up a configuration, whatever the path.
func (k *system) Load(path string, how kernel.Loading) (kernel.Configuration, error) {
	return k.w.load(path, how.Dry)
}

// Beside does the work some time later, and has what it returns run some time after that.
func (k *system) Beside(work func() (then func())) {
	k.beside++
	k.after(k.soon(), func() {
		k.beside--
		if then := work(); then != nil {
			k.after(k.soon(), func() { k.post(then) })
		}
	})
}

// Later has f run on the loop, at once when its time has come.
func (k *system) Later(after time.Duration, f func()) (stop func()) {
	stopped := false
	k.after(after, func() {
		if !stopped {
			k.post(f)
		}
	})
	return func() { stopped = true }
}

// Posted returns what is to be run.
func (k *system) Posted() []func() {
	posted := k.posted
	k.posted = nil
	return posted
}

func (k *system) post(f func()) {
	k.posted = append(k.posted, f)
	k.woken = true
}

// after has something happen after a time, while the loop waits.
func (k *system) after(d time.Duration, do func()) {
	k.w.plans.add(occurrence{at: k.w.now + d, do: do})
}

func (k *system) soon() time.Duration {
	return k.w.pick(0, 10*time.Microsecond, time.Millisecond, 30*time.Millisecond)
}
