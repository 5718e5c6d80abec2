package scenario_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/intake"
)

// subject is a program that is put under scenarios. It says "ready", "caught SIGHUP" and "value
// 3", waits for its child, and ends by SIGTERM and SIGHUP of a lost terminal; its arguments are
// what is wrong with it.
func subject(flaws []string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		return 9
	}
	s := &subjectState{flaws: flaws, say: make(chan string, 1<<16)}
	go s.write()
	if s.is("deaf at first") {
		for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
			in.Wait(int64(10 * time.Millisecond))
		}
	}
	s.start()
	s.tell("ready")
	for {
		info, ok := in.Wait(int64(100 * time.Millisecond))
		if ok {
			if code, end := s.got(info); end {
				return code
			}
		}
		for !s.is("zombies") {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
	}
}

type subjectState struct {
	flaws  []string
	say    chan string
	child  *exec.Cmd
	values int
	caught int
}

func (s *subjectState) is(flaw string) bool { return slices.Contains(s.flaws, flaw) }

// tell writes a line without waiting for a reader, if it is well made.
func (s *subjectState) tell(text string) {
	if s.is("writes itself") {
		_, _ = fmt.Println(text + strings.Repeat(" ", 200))
		return
	}
	select {
	case s.say <- text:
	default:
	}
}

func (s *subjectState) write() {
	for text := range s.say {
		_, _ = fmt.Println(text)
	}
}

// start starts a child that ends at once, and one that stays.
func (s *subjectState) start() {
	soon := exec.Command("/bin/sh", "-c", "exit 0")
	if soon.Start() == nil { // it has ended when we are ready
		_ = unix.Waitid(unix.P_PID, soon.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	s.child = exec.Command("/bin/sleep", "60")
	s.child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	_ = s.child.Start()
}

// got acts on a signal, and says whether it ends, and how.
func (s *subjectState) got(info signals.Info) (code int, end bool) {
	if info.Code == signals.CodeQueue && info.Signal.RealTime() {
		// The first one, too: no more may arrive where other processes of the user fill the queue (RLIMIT_SIGPENDING).
		if s.values++; !s.is("loses values") || s.values%3 != 1 {
			s.tell(fmt.Sprint("value ", info.Value))
		}
		return 0, false
	}
	switch s.caught++; {
	case s.is("forgetful") && info.Signal != signals.SIGTERM:
	case s.is("panics"):
		s.tell("caught " + info.Signal.String())
		s.tell("panic: not expected")
	default:
		s.tell("caught " + info.Signal.String())
	}
	if s.is("dies of HUP") && info.Signal == signals.SIGHUP {
		return 1, true
	}
	if info.Signal == signals.SIGHUP && (!isTerminal() || s.is("stays")) || info.Signal != signals.SIGHUP && info.Signal != signals.SIGTERM {
		return 0, false
	}
	if s.is("does not stop") {
		return 0, false
	}
	if !s.is("leaves its child") {
		_ = s.child.Process.Kill()
		_, _ = s.child.Process.Wait()
	}
	for end := time.Now().Add(time.Second); len(s.say) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(5 * time.Millisecond) // of which the last one is on its way
	if s.is("exits with 3") {
		return 3, true
	}
	return 0, true
}

// isTerminal reports whether it was started with a terminal, which may be gone.
func isTerminal() bool {
	target, _ := os.Readlink("/proc/self/fd/1")
	return bytes.HasPrefix([]byte(target), []byte("/dev/pts/"))
}
