package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	coreorder "supervise/coredump/order"
	"supervise/coredump/report"
	"supervise/coredump/store"
	"supervise/internal/testproc"
)

// coreStoreOf makes a store of its own.
func coreStoreOf(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Create(filepath.Join(t.TempDir(), "cores"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// keepCore stores a core of so many bytes: data that is not zero, then a hole.
func keepCore(t *testing.T, s *store.Store, how coreorder.Compression, service string, size int64) report.Report {
	t.Helper()
	r := report.Report{
		Time: time.Now(), Service: service, PID: 812, Exe: "/usr/bin/web", Signal: "SIGSEGV", Code: 1, CodeName: "SEGV_MAPERR", Address: 0x10,
		Threads: []report.Thread{{TID: 812, Crashed: true, Frames: []report.Frame{{Function: "serve", Offset: 4}}}},
	}
	e, err := s.Begin(store.Crash{Report: r, Compress: how})
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Full(size)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(bytes.Repeat([]byte("memory \x01\x02"), int(size/18)))
	_ = f.Skip(size - f.Size())
	if r, err = e.Finish(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCoreWatch prints a line for each crash as it ends, and nothing before.
func TestCoreWatch(t *testing.T) {
	t.Parallel()
	s := coreStoreOf(t)
	keepCore(t, s, coreorder.NoCompression, "before", 1000)
	lines := func(args ...string) *bufio.Reader {
		cmd := exec.Command(entryBuild, append([]string{"core", "watch", "--directory", s.Path()}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		testproc.Start(t, cmd)
		awaitSleep(t, cmd.Process.Pid)
		return bufio.NewReader(out)
	}
	text, objects := lines(), lines("--service", "web", "--format", "json")
	other := keepCore(t, s, coreorder.NoCompression, "other", 5000)
	web := keepCore(t, s, coreorder.Inline, "web", 2_000_000)
	for _, want := range []string{
		`"other" crashed: SIGSEGV (SEGV_MAPERR at 0x10) in serve+0x4; core ` + other.ID + ", full ",
		`"web" crashed: SIGSEGV (SEGV_MAPERR at 0x10) in serve+0x4; core ` + web.ID + ", full ",
	} {
		if line, err := text.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Errorf("%q, %v", line, err)
		}
	}
	line, err := objects.ReadString('\n')
	var r report.Report
	if err != nil || json.Unmarshal([]byte(line), &r) != nil || r.ID != web.ID || len(r.Threads) != 1 {
		t.Errorf("%s, %v", line, err)
	}
}

// awaitSleep waits until a process waits for events of inotify(7).
func awaitSleep(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		fds, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fdinfo/*"))
		for _, fd := range fds {
			if text, _ := os.ReadFile(fd); bytes.Contains(text, []byte("inotify wd:")) {
				return
			}
		}
	}
	t.Fatal("it does not watch")
}

// TestCoreExport writes the core as it was, and nothing when it is interrupted.
func TestCoreExport(t *testing.T) {
	t.Parallel()
	s := coreStoreOf(t)
	const size = 40 << 20
	want := append(bytes.Repeat([]byte("memory \x01\x02"), size/18), make([]byte, size-size/18*9)...)
	for _, how := range []coreorder.Compression{coreorder.NoCompression, coreorder.Inline} {
		r := keepCore(t, s, how, "web", size)
		path := filepath.Join(t.TempDir(), "core")
		out, err := exec.Command(entryBuild, "core", "export", "--directory", s.Path(), "--output", path, r.ID[:7]).CombinedOutput()
		if err != nil || string(out) != path+": 42 MB\n" {
			t.Fatalf("%s, %v", out, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", how, len(got), err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 || info.Sys().(*syscall.Stat_t).Blocks*512 > 22<<20 {
			t.Errorf("%s: %+v, %v", how, info, err)
		}
		piped, err := exec.Command(entryBuild, "core", "export", "--directory", s.Path(), "--output", "-", r.ID).Output()
		if err != nil || !bytes.Equal(piped, want) {
			t.Errorf("%s: %d bytes through a pipe, %v", how, len(piped), err)
		}
	}
}

// TestCoreExportTerminal shows a bar while it takes long, and removes it; Ctrl-C leaves no
// file.
func TestCoreExportTerminal(t *testing.T) {
	t.Parallel()
	s := coreStoreOf(t)
	// Zeros take no time to store.
	r := keepCore(t, s, coreorder.Inline, "web", 8<<30)
	path := filepath.Join(t.TempDir(), "core")
	cmd := exec.Command(entryBuild, "core", "export", "--directory", s.Path(), "--output", path, r.ID)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	defer func() { _ = cmd.Process.Kill() }()
	shown := bufio.NewReader(terminal)
	text, err := shown.ReadString('%')
	if err != nil || !strings.Contains(text, "[") {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(shown) // EIO at the end
	err = cmd.Wait()
	if !strings.Contains(string(rest), "\r\x1b[K") || !strings.HasSuffix(string(rest), "supervise: interrupted\r\n") || err == nil {
		t.Errorf("%q, %v", rest, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a part of the core is left")
	}
}
