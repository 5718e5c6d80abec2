package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDirectoryRemoved removes the runtime directory of a running supervise, which makes it
// anew: it takes commands, keeps a second one out, and leaves nothing of itself at the end.
func TestDirectoryRemoved(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"removed": os.RemoveAll,
		"moved":   func(dir string) error { return os.Rename(dir, dir+".away") },
		"emptied": func(dir string) error { return exec.Command("/bin/sh", "-c", `rm -r "$1"/*`, "sh", dir).Run() },
	} {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as setup) { loseDirectory(t, as, remove) })
		})
	}
}

func loseDirectory(t *testing.T, as setup, remove func(dir string) error) {
	s := start(t, entryBuild, `
[service.web]
command = ["/bin/sh", "-c", "echo up; exec sleep 600"]
`, as)
	s.awaitFiles(t)
	s.await("the service", func(l line) bool { return l.Line == "up" })
	before := s.objects(t)
	if err := remove(s.runtime); err != nil {
		t.Fatal(err)
	}
	s.await("the new directory", says("", "it has been created again"))
	if files := list(s.runtime); len(files) != 5 {
		t.Errorf("in it are %v", files)
	}
	if now := s.objects(t); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("the objects were %v and are %v", before, now)
	}
	if out := s.must(t, "status", "web"); !strings.Contains(out, "running") {
		t.Error(out)
	}
	second := prepare(t, entryBuild, "", as, again(t, s))
	second.launch(t)
	code := second.wait(t)
	second.all()
	if code != 1 || !strings.Contains(second.text(), fmt.Sprintf("pid %d", s.cmd.Process.Pid)) {
		t.Errorf("a second one ended with %d: %s", code, second.text())
	}
	s.command(t, "control", "restart web\n")
	s.await("the service again", func(l line) bool { return l.Line == "up" })
	s.stop(t, syscall.SIGTERM)
	for _, dir := range []string{s.runtime, s.runtime + ".away"} {
		if left := list(dir); len(left) > 0 && fmt.Sprint(left) != "[lock]" {
			t.Errorf("left in %s: %v", dir, left)
		}
	}
	if n := before.there(t); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

// TestDirectoriesExchanged has each of two supervisors find the other one in its place: they
// say so, and do not touch each other's files.
func TestDirectoriesExchanged(t *testing.T) {
	t.Parallel()
	const sleeper = "[service.web]\ncommand = [\"/bin/sleep\", \"600\"]\n"
	one, two := start(t, entryBuild, sleeper), start(t, entryBuild, sleeper)
	all := []*supervised{one, two}
	for _, s := range all {
		s.awaitFiles(t)
	}
	if err := unix.Renameat2(unix.AT_FDCWD, one.runtime, unix.AT_FDCWD, two.runtime, unix.RENAME_EXCHANGE); err != nil {
		t.Skip("the file system cannot exchange two directories:", err)
	}
	for i, s := range all {
		l := s.await("the loss", says("", "another one has taken its place"))
		if other := fmt.Sprintf("pid %d", all[1-i].cmd.Process.Pid); !strings.Contains(l.raw, other) {
			t.Errorf("it does not say %s: %s", other, l.raw)
		}
	}
	one.runtime, two.runtime = two.runtime, one.runtime
	one.stop(t, syscall.SIGTERM)
	if left := list(two.runtime); len(left) != 5 {
		t.Errorf("of the second are left: %v", left)
	}
	two.must(t, "status", "web")
	two.stop(t, syscall.SIGTERM)
}

// awaitFiles waits until the runtime directory has all its files: nothing tells.
func (s *supervised) awaitFiles(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(list(s.runtime)) != 5; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came: all files of %s; it has %v", s.runtime, list(s.runtime))
		}
	}
}

// list returns what is in a directory, nothing if that is not there.
func list(dir string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
