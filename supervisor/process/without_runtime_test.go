//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// words makes C strings, with a null pointer behind them.
func words(texts ...string) **byte {
	var all []*byte
	for _, text := range texts {
		all = append(all, unsafe.StringData(text+"\x00"))
	}
	return &append(all, nil)[0]
}

// TestBare starts a command in each placement, and looks at what it says of itself.
func TestBare(t *testing.T) {
	for placement, want := range map[Placement]string{SameGroup: "same", OwnGroup: "group", OwnSession: "group session"} {
		file := filepath.Join(t.TempDir(), "said")
		const script = `read a b c d e f g </proc/self/stat; w=same; [ $e = $a ] && w=group; [ $f = $a ] && w="$w session"; echo "$w $MINE" >$1`
		entry := make([]byte, len("MINE=")+longestPID+1)
		copy(entry, "MINE=")
		sh := []byte("/bin/sh\x00")
		env := []*byte{&entry[0], nil}
		argv := words("sh", "-c", script, "sh", file)
		b := Bare{
			Path: uintptr(unsafe.Pointer(&sh[0])), Argv: uintptr(unsafe.Pointer(argv)), Env: uintptr(unsafe.Pointer(&env[0])), IgnoreChld: true,
			Placement: placement, WantPIDFD: true, PIDs: [mostPIDs]*byte{&entry[len("MINE=")]},
		}
		child, ok := b.Start()
		runtime.KeepAlive(sh)
		runtime.KeepAlive(argv)
		runtime.KeepAlive(env)
		if !ok || child.PIDFD < 0 {
			t.Fatalf("%+v, %v", child, ok)
		}
		if status := wait(t, child, 0); status != 0 {
			t.Errorf("status %#x", status)
		}
		said, err := os.ReadFile(file)
		if got, want := strings.TrimSpace(string(said)), want+" "+strconv.Itoa(child.PID); err != nil || got != want {
			t.Errorf("it says %q, %v, want %q", got, err, want)
		}
		_ = syscall.Close(child.PIDFD)
	}
	childless(t)
}

// TestBareFails leaves nothing of a command that cannot be executed.
func TestBareFails(t *testing.T) {
	missing := []byte("/nonexistent/web\x00")
	argv, env := words("web"), words()
	b := Bare{Path: uintptr(unsafe.Pointer(&missing[0])), Argv: uintptr(unsafe.Pointer(argv)), Env: uintptr(unsafe.Pointer(env)), WantPIDFD: true}
	child, ok := b.Start()
	runtime.KeepAlive(missing)
	runtime.KeepAlive(argv)
	runtime.KeepAlive(env)
	if ok {
		t.Errorf("%+v", child)
	}
	childless(t)
}
