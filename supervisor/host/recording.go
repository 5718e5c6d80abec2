package host

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/internal/epoll"
	"supervise/internal/sys"
	"supervise/signals/recorder"
)

// recording is the recorder of signals. It belongs to the loop, but for the helper.
type recording struct {
	recorder *recorder.Recorder // nil: nothing is recorded
	poller   *epoll.Poller
	services map[uint64]string // by the inode of their cgroup's directory

	mu     sync.Mutex
	helper int  // pid of the process that loads the program, 0 for none
	closed bool // no more is to be started
}

// Record begins to record who sends signals to services, if that is permitted, and has the loop
// call tell with what has come of it. It may be called on any goroutine, when what is to be
// started at the start has been: to load the program takes a while, in a process of its own.
func (h *Host) Record(tell func(text string)) {
	say := func(err error) {
		if err != nil {
			tell("it is not recorded who sends signals to services: " + err.Error())
			return
		}
		tell("it is recorded who sends signals to services")
	}
	if err := bpf.Permitted(); err != nil {
		h.Post(func() { say(err) })
		return
	}
	go func() {
		r, err := h.loadRecorder()
		h.Post(func() {
			if err == nil {
				err = h.recording.open(r, h)
			}
			say(err)
		})
	}()
}

// loadTime is how long a helper may take on a busy machine.
const loadTime = 60 * time.Second

// loadRecorder has a helper load the program.
func (h *Host) loadRecorder() (*recorder.Recorder, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "recorder")
	err = h.startHelper(theirs)
	theirs.Close()
	if err != nil {
		return nil, err
	}
	timeout := unix.NsecToTimeval(loadTime.Nanoseconds())
	if err := unix.SetsockoptTimeval(pair[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	r, err := recorder.Receive(pair[0])
	if err != nil {
		h.endHelper() // it may hang
	}
	return r, err
}

// startHelper starts it, in a session of its own: what a terminal sends is not for it.
func (h *Host) startHelper(socket *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	r := &h.recording
	// Whoever reaps it asks Owns: not before it is known.
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return os.ErrClosed
	}
	process, err := os.StartProcess("/proc/self/exe", []string{"supervise", "recorder", "load", h.root.Dir()}, &os.ProcAttr{
		Dir: "/", Env: []string{}, Files: []*os.File{null, null, null, socket}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	r.helper = process.Pid
	return process.Release() // the loop reaps it
}

// owns reports whether a child, which has ended, was the helper.
func (r *recording) owns(pid int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	owns := r.helper != 0 && r.helper == pid
	if owns {
		r.helper = 0
	}
	return owns
}

// endHelper kills it. It is reaped as every child.
func (h *Host) endHelper() {
	r := &h.recording
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.helper != 0 {
		_ = unix.Kill(r.helper, unix.SIGKILL) // its pid is its own until owns has been asked
	}
}

// open takes over what the helper has loaded, and has the loop go round whenever there is much
// to read.
func (r *recording) open(loaded *recorder.Recorder, h *Host) error {
	poller, err := epoll.New()
	if err == nil {
		err = poller.Add(loaded.FD(), unix.EPOLLIN|unix.EPOLLET, 0)
	}
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if err != nil || closed {
		loaded.Close()
		if poller != nil {
			poller.Close()
		}
		return err
	}
	r.recorder, r.poller = loaded, poller
	go func() {
		sys.DropTextPages() // most of what that took is not needed again
		events := make([]epoll.Event, 1)
		for {
			if _, err := poller.Wait(events); err != nil {
				return
			}
			h.Wake()
		}
	}()
	return nil
}

// StopRecording ends the helper, and forgets what was not read.
func (h *Host) StopRecording() {
	r := &h.recording
	r.mu.Lock()
	r.closed = true
	helper := r.helper
	r.mu.Unlock()
	if helper != 0 {
		h.endHelper()
		var status unix.WaitStatus
		for _, err := unix.Wait4(helper, &status, 0, nil); err == unix.EINTR; {
			_, err = unix.Wait4(helper, &status, 0, nil)
		}
		r.owns(helper)
	}
	if r.recorder != nil {
		r.poller.Close()
		r.recorder.Close()
		r.recorder = nil
	}
}

// Recording reports whether signals to processes of services are recorded.
func (h *Host) Recording() bool { return h.recording.recorder != nil }

// Recorded hands over what was recorded, with the names of services.
func (h *Host) Recorded(take func(*recorder.Signal)) (lost uint64) {
	r := &h.recording
	if r.recorder == nil {
		return 0
	}
	began, self := int64(-1), 0 // asked for when there is something
	r.recorder.Read(func(s *recorder.Signal) {
		if began < 0 {
			began, self = int64(recorder.Now())-int64(h.Now()), os.Getpid()
		}
		s.Time = uint64(max(0, int64(s.Time)-began))
		if s.Cgroup != 0 {
			_, main := h.awaited[int(s.Target)] // by which the loop knows the service; and we are of none
			s.Service = r.service(s.Cgroup, h.root.Dir(), !main || int(s.Sender.PID) != self)
			s.Sender.Service = r.service(s.Sender.Cgroup, h.root.Dir(), false)
		}
		take(s)
	})
	return r.recorder.Lost()
}

// service is the name of the service whose cgroup that is; all are looked for anew if it must be
// one and is not known.
func (r *recording) service(cgroup uint64, dir string, must bool) string {
	name, known := r.services[cgroup]
	if known || !must {
		return name
	}
	r.services = map[uint64]string{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var st unix.Stat_t
		if e.IsDir() && unix.Stat(filepath.Join(dir, e.Name()), &st) == nil {
			r.services[st.Ino] = e.Name()
		}
	}
	if _, known = r.services[cgroup]; !known {
		r.services[cgroup] = "" // it has been removed
	}
	return r.services[cgroup]
}
