package explain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	"supervise/coredump/symbols"
)

// TestApart compares the report of the child with one that is made here.
func TestApart(t *testing.T) {
	_, cores := explain.CrashC(t, "threads")
	here := explain.Explained(t, cores[0], explain.Options{AllModules: true, Registers: true, Frames: 5})
	f, err := os.Open(cores[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var status string
	open := func(q explain.Request) (symbols.Input, error) {
		status = childStatus(t)
		return explain.Files(q)
	}
	apart, err := apart.Explain(t.Context(), f, explain.Options{Open: open, AllModules: true, Registers: true, Frames: 5})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(here)
	b, _ := json.Marshal(apart)
	if !bytes.Equal(a, b) {
		t.Errorf("here:\n%s\napart:\n%s", a, b)
	}
	for _, want := range []string{"\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n", "\nCapEff:\t0000000000000000\n"} {
		if !strings.Contains(status, want) {
			t.Errorf("the child's status lacks %q:\n%s", want, status)
		}
	}
	if uid := "\nUid:\t65534\t65534\t65534\t65534\n"; os.Getuid() == 0 && !strings.Contains(status, uid) {
		t.Errorf("the child is not nobody:\n%s", status)
	}
}

// childStatus returns /proc/PID/status of this process's only child.
func childStatus(t *testing.T) string {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Error(err)
	}
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for _, pid := range strings.Fields(string(pids)) {
			if name, err := os.ReadFile("/proc/" + pid + "/cmdline"); err != nil || !strings.Contains(string(name), "explain\x00") {
				continue
			}
			if status, err := os.ReadFile("/proc/" + pid + "/status"); err == nil {
				return string(status)
			}
		}
	}
	return ""
}

func TestApartFails(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no core "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(garbage)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := apart.Explain(t.Context(), f, explain.Options{}); err == nil || !strings.HasPrefix(err.Error(), "cannot explain the core: ") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := apart.Explain(ctx, f, explain.Options{}); err == nil {
		t.Error("no error though the context has ended")
	}
}

// TestFiles asks for what must not be opened.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	core := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x04\x00" + strings.Repeat("\x00", 100)
	for path, want := range map[string]error{
		fifo: explain.ErrNotRegular, link: explain.ErrNotRegular, "/dev/null": explain.ErrNotRegular, dir: explain.ErrNotRegular,
		write("text", "root:x:0:0:root:/root:/bin/bash"): explain.ErrNotELF, write("short", "\x7fELF"): explain.ErrNotELF, write("core", core): explain.ErrNotELF,
		filepath.Join(dir, "none"): fs.ErrNotExist, "[heap]": nil, "": nil,
	} {
		begun := time.Now()
		f, err := explain.Files(explain.Request{Path: path})
		if err == nil {
			f.Close()
			t.Errorf("%s is opened", path)
		}
		if want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if time.Since(begun) > 5*time.Second {
			t.Errorf("%s takes %v", path, time.Since(begun))
		}
	}
	if _, err := explain.Files(explain.Request{Path: "/proc/self/exe", Deleted: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted file: %v", err)
	}
	f, err := explain.Files(explain.Request{Path: "/proc/self/exe"})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestReadableBy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	text, err := os.ReadFile("/bin/true")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		mode     fs.FileMode
		uid, gid uint32
		ok       bool
	}{
		{0o700, 0, 0, true},
		{0o700, 12345, 12345, false},
		{0o705, 12345, 12345, true},
		{0o750, 12345, uint32(os.Getgid()), true},
		{0o700, uint32(os.Getuid()), 12345, true},
	} {
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		f, err := apart.ReadableBy(test.uid, test.gid, explain.Files)(explain.Request{Path: path})
		if (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
		if err == nil {
			f.Close()
		}
	}
}

// TestLiving opens the program of a process though it was deleted, by where it is mapped.
func TestLiving(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("map_files takes CAP_CHECKPOINT_RESTORE")
	}
	exe := explain.BuildC(t)
	want, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "wait")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if _, err := out.Read(make([]byte, 16)); err != nil { // it says that it is ready
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	q := explain.Request{Path: exe, Deleted: true}
	if _, err := fmt.Sscanf(string(maps), "%x-%x", &q.Start, &q.End); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	f, err := apart.Living(cmd.Process.Pid)(q)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := os.ReadFile("/proc/self/fd/" + strconv.Itoa(int(f.Fd()))); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	// Files of its root directory, by name.
	if f, err := apart.Living(cmd.Process.Pid)(explain.Request{Path: "/bin/sh"}); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
}
