package host

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/send"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/output"
	"supervise/supervisor/process/tree"
	"supervise/supervisor/threads"
)

// Options is what a host needs.
type Options struct {
	Intake   *intake.Intake
	Services []config.Service // their names decide the width of a column on the console
	JSON     bool             // lines on the console are JSON objects
	Color    bool             // the console is a terminal
	Observer output.Observer

	// Warn is told what did not keep a service from being started, but is not as the
	// configuration has it. It may be called on any goroutine.
	Warn func(service, text string)
}

// Host is the operating system. It implements [kernel.Kernel].
type Host struct {
	in         *intake.Intake
	began      time.Time
	launcher   *launch.Launcher
	warn       func(service, text string)
	outputs    *output.Outputs
	hookOutput *output.Route
	root       *tree.Root
	starters   starters
	starts     []*start         // that are under way, as far as the loop knows
	awaited    map[int]struct{} // children whose end the loop wants to be told of: main processes and hooks
	reaped     []sys.Child      // orphans that were reaped while others were killed
	runtimeDir string           // passed to hooks
	terminal   bool             // there was a controlling terminal at the start
	notice     notice
	mailbox    mailbox
	masked     bool // the threads of the process block signals
	cores      cores
	recording  recording
}

var _ kernel.Kernel = (*Host)(nil)

// Open opens the console, and prepares the threads of the process. After an error there is
// nothing to close.
func Open(options Options) (*Host, error) {
	h := &Host{
		in: options.Intake, began: time.Now(), awaited: map[int]struct{}{}, terminal: hasTerminal(),
		launcher: launch.New(os.Environ(), launch.Rlimit(options.Intake.Inherited().NoFile)),
	}
	h.warn = options.Warn
	h.mailbox.wake = options.Intake.Wake
	threads.Reserve()
	var err error
	h.outputs, err = output.New(output.Options{
		Stdout: 1, Stderr: 2, JSON: options.JSON, Color: options.Color, Services: options.Services,
		Post: h.Post, Observer: options.Observer,
	})
	if err != nil {
		return nil, err
	}
	h.hookOutput = h.outputs.Console("hook")
	return h, nil
}

// Supervise makes this process the parent of all orphans below it, and gives it a cgroup
// where that is possible. id is that of the runtime directory, the same each time that
// supervise is started there. An error says what will not work.
func (h *Host) Supervise(id, runtimeDir string) error {
	h.runtimeDir = runtimeDir
	err := sys.Subreaper()
	if err != nil {
		err = fmt.Errorf("cannot become child subreaper, so that orphans of services cannot be reaped or ended: %w", err)
	}
	mark := fmt.Sprintf("%s.%d.%d", id, os.Getpid(), h.began.Unix())
	h.root = tree.Open("supervise-"+id, mark, h)
	return err
}

// IsMain is part of [tree.Children].
func (h *Host) IsMain(pid int) bool {
	_, awaited := h.awaited[pid]
	return awaited || h.inStart(pid) != nil
}

// ReapOrphan is part of [tree.Children]. The loop hears of it later.
func (h *Host) ReapOrphan(pid int) bool {
	child, ok := sys.ReapOne(pid)
	if ok && !h.helps(pid) {
		h.reaped = append(h.reaped, child)
		h.Wake()
	}
	return ok
}

// await takes note of a child whose end the loop wants to be told of. An orphan that had its
// pid before, and of which the loop has not heard yet, is not to be taken for it.
func (h *Host) await(pid int) {
	h.awaited[pid] = struct{}{}
	h.reaped = slices.DeleteFunc(h.reaped, func(child sys.Child) bool { return child.PID == pid })
}

// KillAside kills a former main process. Its pid is its own until the loop has reaped it.
func (h *Host) KillAside(pid int) { send.Process(pid, signals.SIGKILL) }

// KillDescendants ends whatever is left below us. If it is not done, it is to be called again.
func (h *Host) KillDescendants() (done bool, err error) { return h.root.KillDescendants() }

// Leftovers kills the processes that an earlier supervisor of the same runtime directory left
// running when it was killed, and returns them. marks is the prefix of the environment
// variable by which they are known, "" if they are known by their cgroup only.
func (h *Host) Leftovers(marks string) ([]tree.Member, error) { return h.root.Leftovers(marks) }

// Began is when the time of Now began.
func (h *Host) Began() time.Time { return h.began }

// Outputs is where services write.
func (h *Host) Outputs() *output.Outputs { return h.outputs }

// Intake says how signals are received.
func (h *Host) Intake() intake.Mode { return h.in.Mode() }

// Descendants says how the descendants of services are found, and why not in a better way.
func (h *Host) Descendants() (tree.Method, error) { return h.root.Method(), h.root.Reason() }

// Now and the following methods are those of [kernel.Kernel].
func (h *Host) Now() time.Duration { return time.Since(h.began) }

// Notice has the loop call f, instead of being told of a signal that is a notice of the kernel's: it
// was sent because somebody has asked the kernel for it here.
func (h *Host) Notice(is func(signals.Info) bool, f func()) { h.notice = notice{is, f} }

// notice is what Notice was told.
type notice struct {
	is func(signals.Info) bool // nil: there are none
	f  func()
}

// Wait waits for a signal. The log lines of what comes of it are written together.
func (h *Host) Wait(timeout time.Duration) (signals.Info, bool) {
	h.outputs.Release()
	defer h.outputs.Hold()
	h.maskThreads()
	limit := intake.Forever
	if timeout >= 0 {
		limit = int64(timeout)
	}
	info, ok := h.in.Wait(limit)
	if ok && h.notice.is != nil && h.notice.is(info) {
		h.notice.f()
		return signals.Info{}, false
	}
	return info, ok
}

// maskThreads has all other threads block signals, once, when there is nothing more urgent to do:
// those that catch one before hand it on.
func (h *Host) maskThreads() {
	if !h.masked {
		threads.Wait()
		h.masked = true
		h.in.MaskThreads()
	}
}

// Wake makes Wait return.
func (h *Host) Wake() { h.in.Wake() }

// Hold leaves signals in the kernel's queue.
func (h *Host) Hold(set signals.Set) { h.in.Hold(set) }

// Release ends Hold.
func (h *Host) Release(set signals.Set) { h.in.Release(set) }

// Reap reaps a child that has ended, or says that one was stopped or continued.
func (h *Host) Reap() (sys.Child, bool) {
	h.root.Reaping()
	if len(h.reaped) > 0 {
		child := h.reaped[0]
		h.reaped = h.reaped[1:]
		return child, true
	}
	for {
		child, ok := sys.ReapOrNote()
		if !ok || child.Change != sys.HasEnded {
			return child, ok
		}
		if _, awaited := h.awaited[child.PID]; awaited {
			delete(h.awaited, child.PID)
			h.adopt(child)
			h.cores.ended(child.PID)
			return child, true
		}
		if h.helps(child.PID) {
			continue
		}
		if st := h.inStart(child.PID); st != nil {
			st.child = child // the loop is told when it knows of the process
		} else if !h.starters.probe.Made(child.PID) {
			return child, true
		}
	}
}

// helps reports whether a child that has ended is a helper of ours, of which the loop knows nothing.
func (h *Host) helps(pid int) bool { return h.takesCores(pid) || h.recording.owns(pid) }

// Abandon removes what Supervise has made, after a start that failed.
func (h *Host) Abandon() {
	if h.root != nil {
		_ = h.root.Close()
	}
}

// Close releases everything. The output of services is written first, for as long as ctx
// allows.
func (h *Host) Close(ctx context.Context) error {
	if h.root != nil {
		_ = h.root.Close()
	}
	return h.outputs.Close(ctx)
}
