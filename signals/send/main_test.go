package send_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/send"
)

func TestMain(m *testing.M) {
	testproc.Role("take", take)
	testproc.Role("stranger", stranger)
	testproc.Role("confined", confined)
	testproc.Main(m)
}

// take prints each signal that it gets as the kernel's bytes, in hexadecimal digits.
func take([]string) int {
	in, err := intake.Start(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 98
	}
	fmt.Println("ready")
	for {
		info, ok := in.Wait(intake.Forever)
		if !ok {
			continue
		}
		raw := info.Raw()
		fmt.Println(hex.EncodeToString(raw[:]))
	}
}

// stranger tries to signal the process of its argument and prints the results.
func stranger(args []string) int {
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return 98
	}
	fmt.Println(
		send.Process(pid, signals.SIGTERM), "|",
		send.Info(pid, signals.Info{Signal: signals.SIGTERM, Code: signals.CodeQueue}), "|",
		send.Group(pid, signals.SIGTERM), "|",
		send.Each([]int{pid, pid}, signals.SIGTERM),
	)
	return 0
}

// start starts a command that says one line when it is ready.
func start(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	testproc.Start(t, cmd)
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the helper says %q, %v", lines.Text(), lines.Err())
	}
	return lines
}

// blocked starts a process that has a set of signals blocked and never looks at them.
func blocked(t *testing.T, set signals.Set) *exec.Cmd {
	t.Helper()
	cmd := testproc.Inheriting(t, set, 0, "", "/bin/sh", "-c", "echo ready; exec sleep 60")
	start(t, cmd)
	return cmd
}

// end waits for a command's end and returns the signal that ended it.
func end(t *testing.T, cmd *exec.Cmd) syscall.Signal {
	t.Helper()
	_ = cmd.Wait()
	return cmd.ProcessState.Sys().(syscall.WaitStatus).Signal()
}

// next is the next signal that a process in role take has got.
func next(t *testing.T, lines *bufio.Scanner) (raw signals.RawInfo) {
	t.Helper()
	if !lines.Scan() {
		t.Fatal("the receiver is gone:", lines.Err())
	}
	if n, err := hex.Decode(raw[:], []byte(strings.TrimSpace(lines.Text()))); err != nil || n != len(raw) {
		t.Fatalf("the receiver says %q", lines.Text())
	}
	return raw
}
