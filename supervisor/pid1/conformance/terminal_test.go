package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"supervise/internal/testproc"
)

// session is a program on a terminal of its own.
type session struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	mu   sync.Mutex
	seen bytes.Buffer // and not expected yet
	all  bytes.Buffer
	more chan struct{}
	end  chan struct{}
}

// onTerminal starts a program as leader of a session, as a terminal emulator, sshd or
// docker run -it does.
func onTerminal(t *testing.T, argv ...string) *session {
	t.Helper()
	s := &session{t: t, cmd: exec.Command(argv[0], argv[1:]...), more: make(chan struct{}, 1), end: make(chan struct{})}
	entry := newMark()
	s.cmd.Env = append(os.Environ(), entry, "PS1=$ ", "ENV=", "TERM=dumb")
	tty, terminal, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo terminals here:", err)
	}
	s.tty = tty
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = terminal, terminal, terminal
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	testproc.Start(t, s.cmd)
	_ = terminal.Close()
	t.Cleanup(func() {
		killMarked(entry)
		_ = tty.Close()
		<-s.end
	})
	go s.read()
	return s
}

func (s *session) read() {
	defer close(s.end)
	buffer := make([]byte, 4096)
	for {
		n, err := s.tty.Read(buffer)
		s.mu.Lock()
		s.seen.Write(buffer[:n])
		s.all.Write(buffer[:n])
		s.mu.Unlock()
		select {
		case s.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// expect waits until the terminal has shown a pattern since the last time, and returns
// what its first group matched.
func (s *session) expect(pattern string) string {
	s.t.Helper()
	return s.until(pattern, nil)
}

// coax is expect for what a trap shows. A shell that gets a signal right before it reads sees
// to its trap only when it has read, so that lines are entered until it has.
func (s *session) coax(pattern string) string {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	return s.until(pattern, tick.C)
}

func (s *session) until(pattern string, tick <-chan time.Time) string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		text := s.seen.String()
		at := re.FindStringSubmatchIndex(text)
		if at != nil {
			s.seen.Next(at[1])
		}
		s.mu.Unlock()
		if at != nil {
			if len(at) > 2 {
				return text[at[2]:at[3]]
			}
			return ""
		}
		select {
		case <-s.more:
		case <-tick:
			s.enter("\n")
		case <-timeout:
			s.t.Fatalf("the terminal does not show %q but %q", pattern, text)
		}
	}
}

func (s *session) enter(text string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// shell is one with job control, which prompts with "$ ".
func shell(t *testing.T) *session {
	t.Helper()
	file, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	s := onTerminal(t, file, "--norc", "--noprofile", "--noediting", "-i")
	s.expect(`\$ `)
	return s
}

// handlers is a script that prints what a terminal sends, and what it reads.
const handlers = `trap "echo got-INT" INT; trap "echo got-WINCH" WINCH; trap "echo got-CONT" CONT; echo up-$$; while :; do read x && echo read-$x; done`

// script writes a shell script and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestJobControl is Ctrl-Z, fg, bg and the rest of it below a shell.
func TestJobControl(t *testing.T) {
	for _, name := range []string{own, tini, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			s := shell(t)
			s.enter(p.file + " -- " + script(t, handlers) + "\n")
			pid := s.expect(`up-(\d+)`)
			s.enter("one\n")
			s.expect(`read-one`)
			s.enter("\x03")
			s.coax(`got-INT`)
			for range 3 {
				s.enter("\x1a")
				s.expect(`Stopped`) // the shell says so: init has stopped as well
				s.expect(`\$ `)
				s.enter("fg\n")
				s.coax(`got-CONT`)
				s.enter("again\n") // it has the terminal back
				s.expect(`read-again`)
			}
			if err := pty.Setsize(s.tty, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
				t.Fatal(err)
			}
			s.coax(`got-WINCH`)
			s.enter("\x1a")
			s.expect(`Stopped`)
			s.enter("bg\n")
			s.coax(`got-CONT`)
			for state := "Running"; state != "Stopped"; { // for it reads in the background
				s.enter("jobs\n")
				state = s.expect(`(Running|Stopped)`)
			}
			s.enter("fg\n")
			s.coax(`got-CONT`)
			s.enter("still\n")
			s.expect(`read-still`)
			s.enter("\x1c") // ^\ ends the script
			s.expect(`\$ `)
			s.enter("echo status-$?; echo mine-$(ps -o tpgid= -p $$ | tr -d ' ')-$$\n")
			s.expect(`status-131`)
			s.expect(`mine-`)
			if _, err := os.Stat("/proc/" + pid); err == nil {
				t.Error("the command lives on")
			}
		})
	}
}

// TestForegroundBack has a program without job control of its own use the terminal after
// init, which only its foreground group may.
func TestForegroundBack(t *testing.T) {
	for _, name := range []string{own, tini, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			// The script's shell is no job-control shell: it stays in its group.
			s := onTerminal(t, script(t, p.file+` -- sh -c 'echo in-$(ps -o tpgid= -p $$ | tr -d " ")-$$'; echo out-$(ps -o tpgid= -p $$ | tr -d " ")-$$; read x; echo read-$x`))
			in := strings.Split(s.expect(`in-(\d+-\d+)`), "-")
			out := strings.Split(s.expect(`out-(\d+-\d+)`), "-")
			if in[0] != in[1] || out[0] != out[1] {
				t.Errorf("foreground and process: inside %v, afterwards %v", in, out)
			}
			s.enter("yes\n")
			s.expect(`read-yes`)
		})
	}
}

// TestFirstOnTerminal is docker run -it: PID 1 leads the session. Nobody could continue
// what Ctrl-Z stops.
func TestFirstOnTerminal(t *testing.T) {
	if err := unshares(); err != nil {
		t.Skip("cannot make a PID namespace here:", err)
	}
	for _, name := range []string{own, tini, catatonit, dumbInit} {
		each(t, name, false, func(t *testing.T, p program) {
			argv := asFirst.argv(p.file, "--", script(t, handlers))
			s := onTerminal(t, argv...)
			s.expect(`up-\d+`)
			s.enter("\x03")
			s.coax(`got-INT`)
			s.enter("\x1a")
			s.enter("one\n")
			s.expect(`read-one`)
			if err := pty.Setsize(s.tty, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
				t.Fatal(err)
			}
			s.coax(`got-WINCH`)
		})
	}
}

// TestSessionOnTerminal has dumb-init's command lead a session with the terminal.
func TestSessionOnTerminal(t *testing.T) {
	each(t, dumbInit, true, func(t *testing.T, p program) {
		s := onTerminal(t, p.file, "--", script(t, `read a b c d e f g h i </proc/self/stat; [ $f = $a ] && [ $h = $a ] && echo leads-$g; trap "echo got-HUP" HUP; `+handlers))
		s.expect(`leads-[1-9]`)
		s.expect(`up-`)
		s.enter("\x03")
		s.coax(`got-INT`)
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.Contains(s.all.String(), "got-HUP") {
			t.Error("giving up the terminal arrived as SIGHUP")
		}
	})
}

// TestOnce presses Ctrl-C where the terminal reaches the command and init alike: the command
// gets it once.
func TestOnce(t *testing.T) {
	for name, flag := range map[string]string{own: "--foreground", dumbInit: "-c"} {
		each(t, name, false, func(t *testing.T, p program) {
			s := onTerminal(t, p.file, flag, "--", script(t, `n=0; trap 'n=$((n+1)); echo got-INT-$n' INT; trap 'echo count-$n' USR1; echo up-$$; while read x || [ $n -lt 9 ]; do :; done`))
			s.expect(`up-`)
			for n := range 3 {
				s.enter("\x03")
				s.coax(`got-INT-` + strconv.Itoa(n+1))
			}
			if err := syscall.Kill(s.cmd.Process.Pid, usr1); err != nil { // behind whatever init still hands on
				t.Fatal(err)
			}
			if got := s.coax(`count-(\d+)`); got != "3" {
				t.Errorf("SIGINT came %s times, want 3", got)
			}
		})
	}
}
