package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/coredump"
	"supervise/supervisor/process"
)

// TestCoreFilterChange changes a filter, and restores it.
func TestCoreFilterChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "filter")
	read := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		return strings.TrimSpace(string(text))
	}
	f := coreFilter{path: file}
	if err := f.change(0x10); err == nil || !strings.Contains(err.Error(), "cannot read the core dump filter") {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(file, []byte("00000033\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.change(0x10); err != nil || read() != "0x10" {
			t.Fatalf("%v, the filter is %s, want 0x10", err, read())
		}
		if f.restore(); read() != "0x00000033" {
			t.Errorf("the filter is %s afterwards, want our own", read())
		}
	}
}

// TestCoreFilterTurns has starts wait for those that need another filter, and for no others.
func TestCoreFilterTurns(t *testing.T) {
	var f coreFilter
	for range 2 { // they do not wait for each other
		if !f.acquire(false) {
			t.Fatal("a start that keeps our own filter has to wait for another one")
		}
	}
	if f.acquire(true) {
		t.Error("the filter is changed while starts rely on it")
	}
	changing := make(chan bool)
	go func() { changing <- f.acquire(true) }()
	f.release()
	f.release()
	if !<-changing {
		t.Fatal("the filter is never anybody's to change")
	}
	if f.acquire(false) {
		t.Error("a start that keeps our own filter does not wait for it")
	}
	f.release()
	if !f.acquire(false) {
		t.Error("a start has to wait for nobody")
	}
}

// TestCoreFilterLate starts programs while another start hangs that needs another filter: they
// get theirs all the same.
func TestCoreFilterLate(t *testing.T) {
	own, err := os.ReadFile(ownCoreFilter)
	if err != nil {
		t.Fatal(err)
	}
	other := coredump.Filter(0x21)
	for _, c := range []struct {
		name   string
		hangs  bool // the one that hangs changes the filter
		filter *coredump.Filter
		want   string
	}{
		{"another", false, &other, "00000021"},
		{"our own", true, nil, strings.TrimSpace(string(own))},
	} {
		f := coreFilter{path: ownCoreFilter, own: "0x" + strings.TrimSpace(string(own))}
		if !f.acquire(c.hangs) {
			t.Fatal("it is held already")
		}
		if c.hangs {
			if err := f.change(0x7); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(f.restore)
		}
		child, err := f.start(&process.Spec{Path: "/bin/sleep", Argv: []string{"sleep", "60"}, NoPIDFD: true}, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(procPath(child.PID, "coredump_filter"))
		if got := strings.TrimSpace(string(text)); err != nil || got != c.want {
			t.Errorf("%s: the filter is %s (%v), want %s", c.name, got, err, c.want)
		}
		_ = unix.Kill(child.PID, unix.SIGKILL)
		_, _ = unix.Wait4(child.PID, nil, 0, nil)
	}
}
