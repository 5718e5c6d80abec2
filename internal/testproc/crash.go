package testproc

import (
	"os/exec"
	"syscall"
	"testing"
)

// Crash starts a shell that ends itself by SIGSEGV, with a core as large as it likes.
func Crash(t *testing.T, change func(*exec.Cmd)) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "ulimit -c unlimited; kill -SEGV $$")
	if change != nil {
		change(cmd)
	}
	Start(t, cmd)
	return cmd
}

// Dumped waits for the end of a process by SIGSEGV, and reports WCOREDUMP.
func Dumped(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	_ = cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGSEGV {
		t.Fatalf("it ended otherwise: %v", cmd.ProcessState)
	}
	return status.CoreDump()
}
