package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals/state/procfs"
)

// noProc is how a holder says that it cannot work in its namespace.
const noProc = "cannot mount /proc"

// mountVariable is set for a process that is only to mount /proc in a namespace.
const mountVariable = "SUPERVISE_LAB_MOUNT"

// Holder starts one program, and is the parent of all that it leaves.
type Holder struct {
	Place  Place
	report *json.Encoder

	mu      sync.Mutex
	program *Program
}

// Report tells something to whoever has started the trial.
func (h *Holder) Report(v any) {
	text, err := json.Marshal(v)
	if err == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		_ = h.report.Encode(message{Report: text}) // if nobody listens, this process ends soon
	}
}

// Serve is the whole life of a holder, the process that [Run] starts: it does the work that
// was asked for, tells its result, and kills what is left. An error is one of the program.
func Serve(work func(h *Holder, request []byte) (any, error)) error {
	if os.Getenv(mountVariable) != "" {
		return mountProc()
	}
	for _, fd := range []uintptr{requestFD, reportFD} {
		if _, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil {
			return errors.New("a trial is started by supervise lab run and supervise lab profile")
		}
		unix.CloseOnExec(int(fd))
	}
	requests := bufio.NewReader(os.NewFile(requestFD, "request"))
	h := &Holder{report: json.NewEncoder(os.NewFile(reportFD, "report"))}
	line, err := requests.ReadBytes('\n')
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	h.Place = o.Place
	if failed := h.settle(); failed != "" {
		return h.report.Encode(message{Failed: failed})
	}
	go func() {
		_, _ = requests.ReadByte() // until whoever started us has ended, or has waited long enough
		h.End()
		os.Exit(1)
	}()
	result, err := work(h, o.Request)
	h.End()
	if err != nil {
		return h.report.Encode(message{Failed: err.Error()})
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return h.report.Encode(message{Result: text})
}

// settle makes this process the one that all orphans come to, in a /proc that shows nobody
// else.
func (h *Holder) settle() (failed string) {
	if h.Place == Subreaper {
		if err := sys.Subreaper(); err != nil {
			return "cannot become a subreaper: " + err.Error()
		}
		return ""
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return noProc
	}
	if mountProc() != nil {
		return noProc
	}
	return ""
}

func mountProc() error {
	return unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// End kills all that is left of the program, and waits until it is gone.
func (h *Holder) End() {
	const patience = 5 * time.Second
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(5 * time.Millisecond) {
		left := h.Left()
		if len(left) == 0 && !sys.HasChildren() {
			break
		}
		for _, p := range left {
			_ = unix.Kill(p.PID, unix.SIGKILL)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.program != nil {
		h.program.close()
	}
}

// Left returns the living processes that descend from this one: what is left when the
// program has ended.
func (h *Holder) Left() (left []sys.Stat) {
	for _, pid := range procfs.Tree(os.Getpid())[1:] {
		if s, err := sys.ReadStat(pid); err == nil && !s.Zombie() {
			left = append(left, s)
		}
	}
	return left
}

// reap reaps all children, and tells the program what has become of it.
func (h *Holder) reap(p *Program) {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WUNTRACED|unix.WCONTINUED|unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return // there is nobody left
		case pid == p.PID:
			p.changed(status, time.Now())
		}
	}
}
