package take

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/mini"
	"supervise/internal/ptrace"
)

// Options say how a core is taken.
type Options struct {
	// Mini bounds what is copied while the process is stopped, and a small core.
	Mini mini.Options
	// Consistent keeps the process stopped until [Snapshot.Close].
	Consistent bool
}

// Snapshot is a process as it was when it was stopped.
type Snapshot struct {
	// Head is that of the full core. Its Segments have their places in the file.
	Head elfcore.Head
	// Stopped is how long the process was stopped; 0 while it still is.
	Stopped time.Duration
	// LeftOut says what is missing: threads that could not be stopped.
	LeftOut []string

	pid    int
	o      Options
	small  *mini.Core // what was copied while it was stopped
	maps   []mapping
	memory *os.File      // /proc/PID/mem
	end    chan struct{} // closed to end a stop that is to last; nil once that was done
	ended  chan struct{} // closed when the stop has ended
}

// Stop stops a process, copies its registers, its stacks and its small segments, and lets it
// go on. Call Close when everything is written.
//
// Errors: the process does not exist, has ended, may not be traced, or is none of this
// architecture.
func Stop(pid int, o Options) (*Snapshot, error) {
	if pid == os.Getpid() {
		return nil, fmt.Errorf("process %d is this one, which cannot stop itself", pid)
	}
	m, err := machine()
	if err != nil {
		return nil, err
	}
	s := &Snapshot{pid: pid, o: o, end: make(chan struct{}), ended: make(chan struct{})}
	if _, err := readProcess(pid); err != nil {
		return nil, err
	}
	c := capture{Snapshot: s, machine: m, copied: make(chan error, 1)}
	end := s.end
	go func() {
		_ = ptrace.Do(func(t *ptrace.Tracer) error {
			c.run(t, end)
			return nil
		})
		close(s.ended)
	}()
	if err = <-c.copied; err == nil {
		err = c.finish()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close lets go of the process, if it is still stopped.
func (s *Snapshot) Close() {
	if s.end != nil {
		close(s.end)
		s.end = nil
		<-s.ended
	}
	if s.memory != nil {
		_ = s.memory.Close()
		s.memory = nil
	}
}

// capture is the work while a process is stopped.
type capture struct {
	*Snapshot
	machine elfcore.Machine
	process process
	states  []state
	copied  chan error // when the process may go on, for what is not to be consistent
}

// run stops the process, copies, and lets go of it: at once, or at the end if the copy is to be
// consistent.
func (c *capture) run(p *ptrace.Tracer, end <-chan struct{}) {
	t := tracer{Tracer: p, pid: c.pid}
	err := t.seize()
	// Neither a garbage collection of ours nor other processes are what this one should wait for.
	// Who may not, does it no sooner than others.
	const first, ordinary = -20, 20
	if usual, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()); err == nil { // 20 - nice
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), first)
		defer func() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), ordinary-usual) }()
	}
	collection := debug.SetGCPercent(-1)
	if err == nil {
		err = t.stop()
	}
	if err == nil {
		err = c.copy(&t)
	}
	if testStopped != nil {
		testStopped()
	}
	if err == nil && c.o.Consistent {
		debug.SetGCPercent(collection)
		c.copied <- nil
		<-end
		c.Stopped = t.release()
		return
	}
	c.Stopped = t.release()
	debug.SetGCPercent(collection)
	c.copied <- err
}

// testStopped is called while the process is stopped.
var testStopped func()

// copy copies what has to belong together.
func (c *capture) copy(t *tracer) error {
	scratch := make([]byte, maxSet)
	for _, th := range t.threads {
		if th.Ended {
			continue
		}
		if !th.Stopped {
			c.LeftOut = append(c.LeftOut, fmt.Sprintf("thread %d, which could not be stopped", th.TID))
			continue
		}
		state, err := readState(c.machine, th, scratch)
		if err == nil {
			c.states = append(c.states, state)
		}
	}
	if len(c.states) == 0 {
		return gone(c.pid)
	}
	if err := c.look(); err != nil {
		return err
	}
	head := c.headOf(guess(c.maps), true)
	if len(head.Notes.Threads) == 0 {
		return fmt.Errorf("process %d is a 32-bit program, whose registers cannot be read", c.pid)
	}
	c.small = mini.Copy(head, c.memory, c.o.Mini)
	return nil
}

// look opens what belongs to the program that the process runs, which was another one before an
// execve(2).
func (c *capture) look() (err error) {
	if c.process, err = readProcess(c.pid); err != nil {
		return err
	}
	dir := "/proc/" + strconv.Itoa(c.pid) + "/"
	if c.memory, err = os.Open(dir + "mem"); err != nil {
		return fmt.Errorf("cannot read the memory of process %d: %w", c.pid, err)
	}
	text, err := os.ReadFile(dir + "maps")
	if err != nil || len(text) == 0 {
		return gone(c.pid)
	}
	c.maps = parseMaps(text)
	return nil
}

// headOf makes a head with these segments.
func (c *capture) headOf(segments []elfcore.Segment, stopped bool) *elfcore.Head {
	h := &elfcore.Head{Machine: c.machine, Segments: segments}
	h.NoteData = noteData(c.process, c.states, c.maps, stopped)
	h.Notes = elfcore.ParseNotes(c.machine, h.NoteData)
	return h
}

// finish makes the head of the full core, and takes back of the small one what is not to be
// dumped.
func (c *capture) finish() error {
	if !c.o.Consistent {
		c.end = nil
		<-c.ended
	}
	f, err := readFilter(c.pid)
	if err != nil {
		return fmt.Errorf("cannot find out what of process %d may be dumped: %w", c.pid, err)
	}
	segments := make([]elfcore.Segment, 0, len(c.maps))
	for i := range c.maps {
		m := &c.maps[i]
		s := segment(m)
		s.FileSize = int64(f.dumped(m, c.isELF))
		segments = append(segments, s)
	}
	head := c.headOf(segments, false)
	mini.Name(head, c.pid)
	head.NoteData = elfcore.AppendNames(head.NoteData, head.Notes.Threads)
	c.small = mini.Copy(head, c.small, c.o.Mini)
	if err := head.Layout(); err != nil {
		return err
	}
	c.Head = *head
	return nil
}

func (c *capture) isELF(addr uint64) bool {
	var b [4]byte
	n, _ := c.memory.ReadAt(b[:], int64(addr))
	return n == len(b) && string(b[:]) == "\x7fELF"
}

// WriteMini writes a small core, all of which is as it was when the process was stopped.
func (s *Snapshot) WriteMini(w io.Writer) (mini.Summary, error) {
	_, err := s.small.WriteTo(w)
	summary := s.small.Summary
	summary.LeftOut = append(summary.LeftOut, s.LeftOut...)
	return summary, err
}
