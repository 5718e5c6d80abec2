package main_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLabDiskFull has no room for what an experiment shows.
func TestLabDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd := exec.Command(entryBuild, "lab", "coalescing")
	cmd.Stdout = full
	var notes strings.Builder
	cmd.Stderr = &notes
	if code := exitCode(t, cmd.Run()); code != 1 || !strings.Contains(notes.String(), "no space left") {
		t.Errorf("code %d, %s", code, notes.String())
	}
}

// TestLabRunEnds ends lab run by a signal: it, and what it has started, are gone.
func TestLabRunEnds(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		scenario, fifo := filepath.Join(dir, "wait.toml"), filepath.Join(dir, "begun")
		text := "timeout = '5m'\n[[step]]\nwait-output = 'never'\nwithin = '5m'\n[expect]\nreaped = true\n"
		if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(entryBuild, "lab", "run", scenario, "--", "sh", "-c", `exec 9>"$1"; echo begun >&9; sleep 1000`, "sh", fifo)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		program, err := os.Open(fifo) // until the program has
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		if _, err := io.ReadFull(program, make([]byte, len("begun\n"))); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != s {
			t.Errorf("upon %v it ends with %v", s, cmd.ProcessState)
		}
		if rest, err := io.ReadAll(program); err != nil || len(rest) > 0 { // its end is that of all who have it
			t.Errorf("%q, %v", rest, err)
		}
	}
}
