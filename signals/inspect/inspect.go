package inspect

import (
	"errors"
	"io/fs"
	"strconv"
	"time"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/actions"
	"supervise/signals/advice"
	"supervise/signals/handlers"
	"supervise/signals/queued"
	"supervise/signals/state"
	"supervise/signals/state/procfs"
)

// Options are what a report has beside what every one has.
type Options struct {
	All   bool // all 64 signals, also those that are plain default
	Queue bool // the signals that wait, for which their threads are stopped for a moment
}

// Inspector looks at processes, one at a time.
type Inspector struct {
	o      Options
	reader *actions.Reader // nil if it is not permitted
	missed string          // why
}

// New returns an inspector that uses what this user may.
func New(o Options) *Inspector {
	i := &Inspector{o: o}
	reader, err := actions.Open()
	if err != nil {
		i.missed = "as root it would also show handlers, flags, masks, and which ignored signals are inherited (" + err.Error() + ")"
		return i
	}
	i.reader = reader
	return i
}

// Close gives back what the inspector uses.
func (i *Inspector) Close() {
	if i.reader != nil {
		_ = i.reader.Close()
	}
}

// look is what is known of one process, on the way to its report.
type look struct {
	*Report
	process *state.Process
	facts   advice.Facts
	found   *handlers.Found // nil if it is not known
}

// QueueError says why the queue of a process cannot be looked at.
type QueueError struct {
	PID int
	Err error
}

func (e *QueueError) Error() string { return "the pending signals: " + e.Err.Error() }
func (e *QueueError) Unwrap() error { return e.Err }

// Look examines a process. The error is one of [procfs.Read], or a QueueError beside the rest
// of the report.
func (i *Inspector) Look(pid int) (*Report, error) {
	p, err := procfs.Read(pid)
	if err != nil {
		return nil, err
	}
	l := look{Report: &Report{
		PID: pid, Comm: p.Comm, Command: p.Command, UID: p.UID, Kernel: p.Kernel, Parent: p.Parent, NSPID: p.Inner,
		Threads: []Thread{}, Signals: []Signal{}, Missing: []string{},
		Queue: Queue{Used: p.Queued, Limit: p.Limit},
	}, process: p}
	if l.Command == nil {
		l.Command = []string{}
	}
	i.actions(&l)
	l.code()
	if p.HiddenFiles {
		l.miss("as root or its own user it would also show what is read by signalfd(2) and waited for in sigwait(3)")
	}
	l.family()
	for k := range p.Threads {
		t := &p.Threads[k]
		l.Threads = append(l.Threads, Thread{
			TID: t.TID, Comm: t.Comm, State: string([]byte{t.State}),
			Blocked: members(t.Blocked), Pending: members(t.Pending), Waiting: members(t.Waiting),
		})
	}
	l.signals(i.o.All)
	l.Findings = advice.About(&l.facts)
	if !i.o.Queue {
		return l.Report, nil
	}
	if err := l.queue(); err != nil {
		return l.Report, &QueueError{pid, err}
	}
	return l.Report, nil
}

func (l *look) miss(what string) { l.Missing = append(l.Missing, what) }

// actions adds what only BPF finds out.
func (i *Inspector) actions(l *look) {
	l.facts.Process = l.process
	if i.reader == nil {
		l.miss(i.missed)
		return
	}
	table, err := i.reader.Read(l.PID)
	if err != nil {
		l.miss("handlers, flags and masks are not known: " + err.Error())
		return
	}
	l.facts.Actions = table
}

// code adds what the handlers are called.
func (l *look) code() {
	var addresses []uint64
	if table := l.facts.Actions; table != nil {
		for s := range signals.Full.All() {
			if a := table.Of(s); a.Caught() {
				addresses = append(addresses, a.Handler)
			}
			if a := table.Of(s); a.Restorer != 0 {
				addresses = append(addresses, a.Restorer)
			}
		}
	}
	found, err := handlers.Look(l.PID, addresses)
	if err != nil {
		if len(addresses) > 0 || !errors.Is(err, fs.ErrPermission) {
			l.miss("the names of handlers are not known: " + err.Error())
		}
		return
	}
	l.found = found
	l.facts.Modules, l.facts.Go = found.Modules, found.Go
	for _, address := range addresses {
		l.facts.Handlers = append(l.facts.Handlers, found.At(address).Symbol)
	}
}

// moment is how long a child has to be a zombie to be one that nobody waits for.
const moment = 300 * time.Millisecond

// family adds the parent and the children.
func (l *look) family() {
	if parent, err := sys.ReadSignalState(strconv.Itoa(l.Parent)); err == nil {
		stat, _ := sys.ReadStat(l.Parent)
		l.facts.Parent = advice.Relative{PID: l.Parent, Comm: stat.Name, Ignored: parent.Ignored}
	}
	children := procfs.Children(l.PID)
	for _, c := range children {
		if c.Zombie() {
			time.Sleep(moment)
			break
		}
	}
	for _, c := range children {
		if c.Zombie() {
			if now, err := sys.ReadStat(c.PID); err != nil || now.Started != c.Started {
				continue
			}
		}
		l.facts.Children = append(l.facts.Children, advice.Relative{PID: c.PID, Comm: c.Name, Zombie: c.Zombie()})
	}
}

// signals adds the signals that are worth it.
func (l *look) signals(all bool) {
	for s := range signals.Full.All() {
		signal := l.signal(s)
		if all || !l.plain(s, &signal) {
			l.Signals = append(l.Signals, signal)
		}
	}
}

// plain reports whether there is nothing to be said of a signal.
func (l *look) plain(s signals.Signal, signal *Signal) bool {
	if l.Kernel {
		return l.process.Disposition(s) != state.Caught && !signal.Pending.Any()
	}
	if table := l.facts.Actions; table != nil && !quiet(table.Of(s)) {
		return false
	}
	return l.process.Disposition(s) == state.Default && len(signal.Blocked) == 0 && !signal.Pending.Any() && len(signal.TakenBy) == 0
}

// quiet reports whether an action is the default one. What a program has set with that has no
// effect, but for SA_NOCLDWAIT.
func quiet(a *state.Action) bool {
	return a.Handler == state.DefaultHandler && a.Flags&state.NoChildWait == 0
}

func (l *look) signal(s signals.Signal) Signal {
	p := l.process
	r := Signal{
		Signal: s, Disposition: p.Disposition(s).String(),
		Blocked: ids(p.Blocking(s)), Pending: Pending{p.Shared.Has(s), ids(p.Pending(s))}, TakenBy: takers(p, s),
	}
	if l.facts.Actions == nil {
		return r
	}
	a := l.facts.Actions.Of(s)
	r = r.WithMask(a.Mask)
	r.Origin, r.Flags = a.Origin().String(), a.Flags.Names()
	if a.Caught() {
		h := l.at(a.Handler)
		r.Handler, r.Module, r.Address = h.String(), h.Module, "0x"+strconv.FormatUint(a.Handler, 16)
	}
	if a.Restorer != 0 {
		r.Restorer = l.at(a.Restorer).String()
	}
	return r
}

func (l *look) at(address uint64) handlers.Handler {
	if l.found == nil {
		return handlers.Handler{Address: address}
	}
	return l.found.At(address)
}

// queue adds the signals that wait.
func (l *look) queue() error {
	list, err := queued.Peek(l.process)
	if err != nil {
		return err
	}
	l.Queue.Signals = []Queued{}
	for _, s := range list {
		q := Queued{Signal: s.Signal, Thread: s.Thread, Code: s.Code, Sender: s.Sender(), Lost: s.Lost}
		if s.HasSender() {
			q.PID, q.UID = s.PID, s.UID
			if stat, err := sys.ReadStat(int(s.PID)); err == nil && s.PID > 0 && l.process.Namespaces == 1 {
				q.Comm = stat.Name
			}
		}
		if s.Code == signals.CodeQueue || s.Code == signals.CodeTimer || s.Code == signals.CodeMessage {
			q.Value = s.Value
		}
		if s.Lost {
			q.Sender = "not known: the queue was full"
		}
		l.Queue.Signals = append(l.Queue.Signals, q)
	}
	return nil
}
