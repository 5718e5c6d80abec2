package trace

import (
	"time"

	"supervise/signals"
)

// Options are what a [Joiner] asks of others; each may be nil.
type Options struct {
	Cgroup func(id int64) string                // the path of a cgroup
	Symbol func(pid int, handler uint64) string // the function at an address of a process
	Keep   func(*Life) bool                     // which lives to tell and to count

	// Pending says which signals wait for a thread or its process right now, and which it
	// ignores; false if it is gone.
	Pending func(pid, tid int) (waiting, ignored signals.Set, ok bool)

	// Lost says that records of deliveries were lost: what no record tells the end of may have
	// been delivered.
	Lost func() bool
}

// How long lives are kept, nanoseconds.
const (
	// holdHandled is how long the last signal of a process that was handled waits for an exit
	// that may follow from it.
	holdHandled = 300_000_000

	// holdFatal is how long a signal that ends its process waits for the exit, which a core
	// dump delays.
	holdFatal = 10_000_000_000

	// patience is how long a signal waits until a [Waiter] is told of it.
	patience = 500_000_000
)

// Joiner makes lives of records.
type Joiner struct {
	boot      time.Time
	sink      Sink
	options   Options
	processes map[int32]*process // those that something is expected of
	counts    Counts
	verdicts  [len(verdicts)]uint64
	first     uint64
	err       error

	spare []*process // to use again
	comms [4]comm    // names seen last
	next  int        // of them to be replaced
}

// comm is a name in both forms.
type comm struct {
	name Name
	text string
}

// process is what is known of one.
type process struct {
	waiting []*waiting // sent, and not delivered, in order
	ending  *waiting   // delivered, and about to end the process
	held    *waiting   // the last that was handled
}

// waiting is a life that is not over.
type waiting struct {
	own   Life // what life points at, so that both are one allocation
	life  *Life
	sent  uint64
	since uint64 // when it came to wait for the exit
	tid   int32  // of the thread it is for, 0 for the process
	flags uint32
	fatal bool // the kernel decided when it was sent that it ends the process
	guess bool // it is not known what it does to the process
	told  bool

	checked uint64 // when it was last seen to wait
}

// NewJoiner makes a joiner. Records count time since boot.
func NewJoiner(boot time.Time, sink Sink, options Options) *Joiner {
	return &Joiner{boot: boot, sink: sink, options: options, processes: map[int32]*process{}}
}

// Add takes the next record.
func (j *Joiner) Add(r *Record) error {
	if j.first == 0 {
		j.first = r.Time
	}
	switch r.Kind {
	case Sent:
		j.sent(r)
	case Delivered:
		j.delivered(r)
	case Dequeued:
		j.dequeued(r)
	case Refused:
		j.refused(r)
	case Exited:
		j.exited(r)
	case Probed, Forked:
		j.event(r)
	case Executed:
		if r.Context {
			j.event(r)
		}
	}
	return j.err
}

// Tick tells what has waited long enough.
func (j *Joiner) Tick(now uint64) error {
	waiter, _ := j.sink.(Waiter)
	for pid, p := range j.processes {
		if p.held != nil && now > p.held.since+holdHandled {
			j.emit(p.held)
			p.held = nil
		}
		if p.ending != nil && now > p.ending.since+holdFatal {
			j.emit(p.ending)
			p.ending = nil
		}
		j.taken(p, now)
		for _, w := range p.waiting {
			if waiter != nil && !w.told && now > w.sent+patience {
				w.told = true
				copied := *w.life
				pend(&copied)
				if j.options.Keep != nil && !j.options.Keep(&copied) {
					continue
				}
				if err := waiter.Waiting(&copied); err != nil && j.err == nil {
					j.err = err
				}
			}
		}
		j.forget(pid, p)
	}
	return j.err
}

// Settled reports whether no signal is on its way, and no process about to end: what waits is
// blocked.
func (j *Joiner) Settled() bool {
	for _, p := range j.processes {
		if p.ending != nil {
			return false
		}
		for _, w := range p.waiting {
			if !w.life.Blocked {
				return false
			}
		}
	}
	return true
}

// End tells the rest and the counts.
func (j *Joiner) End(backend string, now uint64, drops Drops) error {
	for _, p := range j.processes {
		for _, w := range []*waiting{p.held, p.ending} {
			if w != nil {
				j.emit(w)
			}
		}
		j.taken(p, now+2*patience)
		for _, w := range p.waiting {
			pend(w.life)
			if drops.Deliver > 0 {
				unseen(w.life)
			}
			j.emit(w)
		}
	}
	clear(j.processes)
	j.counts.Backend, j.counts.Drops = backend, drops
	if j.first != 0 {
		j.counts.Duration = time.Duration(now - min(now, j.first))
	}
	j.counts.Verdicts = map[string]uint64{}
	for v, n := range j.verdicts {
		if n > 0 {
			j.counts.Verdicts[Verdict(v).String()] = n
		}
	}
	if j.err == nil {
		j.err = j.sink.End(&j.counts)
	}
	return j.err
}

// lost reports whether a delivery may be missing among the records.
func (j *Joiner) lost() bool { return j.options.Lost != nil && j.options.Lost() }

func (j *Joiner) time(t uint64) time.Time { return j.boot.Add(time.Duration(t)) }

func (j *Joiner) process(pid int32) *process {
	p := j.processes[pid]
	if p == nil {
		if last := len(j.spare) - 1; last >= 0 {
			p, j.spare = j.spare[last], j.spare[:last]
		} else {
			p = &process{}
		}
		j.processes[pid] = p
	}
	return p
}

// forget drops a process that nothing is expected of.
func (j *Joiner) forget(pid int32, p *process) {
	if len(p.waiting) == 0 && p.ending == nil && p.held == nil {
		delete(j.processes, pid)
		if len(j.spare) < 16 {
			j.spare = append(j.spare, p)
		}
	}
}

// text is a name as a string, which is often the same as before.
func (j *Joiner) text(name *Name) string {
	for i := range j.comms {
		if j.comms[i].name == *name {
			return j.comms[i].text
		}
	}
	c := comm{*name, name.String()}
	j.comms[j.next] = c
	j.next = (j.next + 1) % len(j.comms)
	return c.text
}

// task describes a thread.
func (j *Joiner) task(t *Thread) Task {
	k := Task{PID: int(t.PID), TID: int(t.TID), Comm: j.text(&t.Comm), UID: t.UID, NSPID: int(t.NSPID)}
	if t.CgroupID >= 0 && j.options.Cgroup != nil {
		k.Cgroup = j.options.Cgroup(t.CgroupID)
	}
	return k
}

// event tells what is no signal.
func (j *Joiner) event(r *Record) {
	e := &Event{Time: j.time(r.Time), Task: j.task(&r.Task), File: r.File}
	// The other kinds are no events of their own.
	//exhaustive:ignore
	switch r.Kind {
	case Forked:
		child := j.task(&r.Target)
		e.Event, e.Child = "fork", &child
	case Executed:
		e.Event = "exec"
	case Exited:
		e.Event, e.Exit = "exit", exitOf(r.Status, 0)
	case Probed:
		e.Event, e.Detail = "probe", r.Call+" with signal 0 found pid "+itoa(int64(r.Target.PID))
	}
	if err := j.sink.Event(e); err != nil && j.err == nil {
		j.err = err
	}
}

// emit tells a life whose end is known.
func (j *Joiner) emit(w *waiting) {
	resumed(w)
	j.tell(w.life)
}

func (j *Joiner) tell(life *Life) {
	if j.options.Keep != nil && !j.options.Keep(life) {
		return
	}
	j.counts.Lives++
	if int(life.Verdict) < len(j.verdicts) {
		j.verdicts[life.Verdict]++
	}
	if err := j.sink.Life(life); err != nil && j.err == nil {
		j.err = err
	}
}

// exitOf reads a wait status.
func exitOf(status int32, after uint64) *Exit {
	e := &Exit{After: time.Duration(after)}
	if status < 0 {
		e.Code = -1
		return e
	}
	e.Signal, e.Core = signals.Signal(status&0x7f), status&0x80 != 0
	if e.Signal == 0 {
		e.Code = int(status >> 8 & 0xff)
	}
	return e
}
