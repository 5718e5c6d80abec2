//go:build !slim

package pid1

import (
	"strconv"
	"syscall"

	"supervise/signals"
	"supervise/supervisor/process"
)

// recorder is the process that records who sends signals to the command (supervise recorder), and
// is asked when that has ended. What it takes to record is not linked here, and nothing of it runs
// unless it is asked for.
type recorder struct {
	pid    int // 0: nothing is recorded
	socket int
}

// The file that we are, and its argument.
const (
	selfExe       = "/proc/self/exe"
	recorderWatch = "watch"
)

// record starts the recorder, beside the command. Where that cannot be, the last line has less.
func (s *supervisor) record() {
	if !s.Recorder || s.Pause {
		return
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		s.notRecorded(err.Error())
		return
	}
	child, err := process.Start(&process.Spec{
		Path: selfExe, Argv: []string{"supervise", "recorder", recorderWatch, strconv.Itoa(s.command.PID)},
		Files: []int{-1, -1, 2, pair[1]}, OnlyFiles: true, NoPIDFD: true, Placement: process.OwnSession,
	})
	_ = syscall.Close(pair[1])
	if err != nil {
		_ = syscall.Close(pair[0])
		s.notRecorded(err.Error())
		return
	}
	s.recorder = recorder{child.PID, pair[0]}
}

func (s *supervisor) notRecorded(reason string) {
	if s.log.enabled(Debug) {
		s.log.say(Debug, "it is not recorded who sends signals to the command: "+reason)
	}
}

func (r *recorder) is(pid int) bool { return r.pid != 0 && r.pid == pid }

// isRecorder reports whether a child that was reaped was the recorder.
func (s *supervisor) isRecorder(pid int) bool {
	if !s.recorder.is(pid) {
		return false
	}
	_ = syscall.Close(s.recorder.socket)
	s.recorder = recorder{}
	return true
}

// askRecorder finds out who sent the signal that ended the command, and ends the recorder. It reports
// whether there was one.
func (s *supervisor) askRecorder() bool {
	r := s.recorder
	if s.exit.Signal == signals.SIGKILL && s.killing {
		s.killer = "from supervise init: it had not ended in time"
	}
	if r.pid == 0 {
		return false
	}
	if s.exit.Signal != 0 && s.killer == "" {
		s.killer = s.words(r.ask(s.exit.Signal))
	}
	_ = syscall.Kill(r.pid, syscall.SIGKILL)
	for {
		if _, err := syscall.Wait4(r.pid, nil, 0, nil); err != syscall.EINTR {
			break
		}
	}
	s.isRecorder(r.pid)
	return true
}

// What the recorder says of itself, and of a signal that we have sent.
const (
	recorderReady = "ready"
	recorderOwn   = "own"
)

// ask asks it. If it does not run yet it knows nothing; if it is stuck nobody waits for long.
func (r *recorder) ask(signal signals.Signal) (ready bool, text string) {
	var buffer [512]byte
	n, _, err := syscall.Recvfrom(r.socket, buffer[:], syscall.MSG_DONTWAIT)
	if err != nil || n <= 0 {
		return false, "it was not ready yet"
	}
	if text := string(buffer[:n]); text != recorderReady {
		return false, text
	}
	_ = syscall.SetsockoptTimeval(r.socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: 2})
	if err := syscall.Sendto(r.socket, []byte{byte(signal)}, syscall.MSG_NOSIGNAL, nil); err != nil {
		return false, err.Error()
	}
	n, _, err = syscall.Recvfrom(r.socket, buffer[:], 0)
	if err != nil || n <= 0 {
		return false, "it does not answer"
	}
	return true, string(buffer[:n])
}

// words are what follows "was killed by SIGKILL" in the last line.
func (s *supervisor) words(ready bool, text string) string {
	switch {
	case !ready:
		s.notRecorded(text)
		return ""
	case text != recorderOwn:
		return text
	}
	last := s.lastSignal()
	if s.Rewrite.Of(last.Signal) == s.exit.Signal {
		return "from " + last.Sender() + ", and passed on"
	}
	return "from supervise init"
}
