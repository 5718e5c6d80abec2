//go:build linux && (amd64 || arm64)

package intake_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/intake/boot"
)

var uncatchable = signals.SetOf(signals.SIGKILL, signals.SIGSTOP)

var readInherited = []struct {
	name          string
	mask, ignored signals.Set
}{
	{"nothing", 0, 0},
	{"everything", signals.Full &^ uncatchable, signals.Full &^ uncatchable},
	{"all blocked", signals.Full &^ uncatchable, 0},
	{"all ignored", 0, signals.Full &^ uncatchable},
	{"some", signals.SetOf(15, 33, 40), signals.SetOf(1, 13, 34, 64)},
	{"the C library's", signals.SetOf(32, 33, 34, 64), signals.SetOf(32, 33, 34, 64)},
	{"nohup", 0, signals.SetOf(signals.SIGHUP)},
	{"what Go unblocks", signals.Set(boot.Forced), signals.Set(boot.Forced)},
	{"what Go leaves", signals.Full &^ uncatchable &^ signals.Set(boot.Forced), 0},
}

// TestInherited starts the program with a table of masks and ignored signals, and reads
// back what it knows about them.
func TestInherited(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		for _, row := range readInherited {
			t.Run(row.name, func(t *testing.T) {
				cmd := testproc.Inheriting(t, row.mask, row.ignored, "listen", b.file)
				s, first := start(t, cmd)
				exact := checkInherited(t, b.mode, first, row.mask, row.ignored)
				if b.mode == intake.Entry && !exact {
					t.Error("not exact")
				}
				if all := s.rest(t); len(all) != 0 {
					t.Errorf("signals out of nothing: %v", all)
				}
			})
		}
	})
}

// TestInheritedPlain does so with programs linked in other ways: the symbol table of each says
// where the runtime keeps what it has found, if it has one.
func TestInheritedPlain(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not there to link with:", err)
	}
	for _, b := range []struct {
		name, variable string
		flags          []string
		exact          bool
	}{
		{"default", "", nil, true},
		{"without cgo", "CGO_ENABLED=0", nil, true},
		{"position independent", "", []string{"-buildmode=pie"}, true},
		{"without DWARF", "", []string{"-ldflags=-w"}, true},
		{"stripped", "", []string{"-ldflags=-s"}, false},
	} {
		t.Run(b.name, func(t *testing.T) {
			file, err := link("plain.test", b.variable, b.flags...)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range readInherited {
				t.Run(row.name, func(t *testing.T) {
					cmd := testproc.Inheriting(t, row.mask, row.ignored, "listen", file)
					s, first := start(t, cmd)
					if exact := checkInherited(t, intake.Reexec, first, row.mask, row.ignored); exact != b.exact {
						t.Errorf("exact %v, want %v", exact, b.exact)
					}
					s.rest(t)
				})
			}
		})
	}
}

// checkInherited checks what a program says in its first line, and returns whether it claims to
// know it exactly.
func checkInherited(t *testing.T, mode intake.Mode, line string, mask, ignored signals.Set) (exact bool) {
	t.Helper()
	var gotMode, gotMask, gotIgnored string
	var soft, hard uint64
	if _, err := fmt.Sscan(line, &gotMode, &gotMask, &gotIgnored, &soft, &hard, &exact); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if gotMode != mode.String() {
		t.Errorf("mode %s, want %v", gotMode, mode)
	}
	if exact {
		if gotMask != mask.Mask() || gotIgnored != ignored.Mask() {
			t.Errorf("mask %s, ignored %s, want %s, %s", gotMask, gotIgnored, mask.Mask(), ignored.Mask())
		}
		return exact
	}
	// The runtime has been there first. What it does not touch is still right, and it
	// respects HUP and INT.
	known, _ := signals.ParseMask(gotMask)
	if open := signals.Set(boot.Forced); known&^open != mask&^open {
		t.Errorf("mask %v, want %v but for %v", known, mask, open)
	}
	known, _ = signals.ParseMask(gotIgnored)
	if respected := signals.SetOf(signals.SIGHUP, signals.SIGINT, signals.SIGTSTP, signals.SIGTTIN, signals.SIGTTOU); known&respected != ignored&respected {
		t.Errorf("of %v are ignored %v, want %v", respected, known&respected, ignored&respected)
	}
	if known&^ignored != 0 {
		t.Errorf("ignored are said to be %v, which were not", known&^ignored)
	}
	return exact
}

func prlimit(pid, resource int, soft uint64) error {
	var limit [2]uint64
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(resource), 0, uintptr(unsafe.Pointer(&limit)), 0, 0); errno != 0 {
		return errno
	}
	limit[0] = min(soft, limit[1])
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(resource), uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// shellThen is a shell that says "ready", waits for a line, and executes the build with a
// role: all that is sent to it before is pending when that starts.
func shellThen(t *testing.T, b build, prefix, role string, args ...string) *subject {
	t.Helper()
	script := `echo ready; read line; ` + prefix + ` exec "$0" "$@"`
	cmd := testproc.Inheriting(t, signals.Full, 0, role, "/bin/sh", append([]string{"-c", script, b.file}, args...)...)
	s, first := start(t, cmd)
	if first != "ready" {
		t.Fatalf("the shell says %q", first)
	}
	state, err := sys.ReadSignalState(strconv.Itoa(s.Process.Pid))
	if want := signals.Full &^ uncatchable; err != nil || state.Blocked != want {
		t.Skipf("the shell does not keep its signal mask: %v, %v", state.Blocked, err)
	}
	return s
}

// TestNoFile hands down a limit of descriptors, which package os raises before main.
func TestNoFile(t *testing.T) {
	eachMode(t, func(t *testing.T, b build) {
		s := shellThen(t, b, "ulimit -S -n 77;", "listen")
		fmt.Fprintln(s.stdin)
		first, _ := s.line()
		fields := strings.Fields(first)
		var own syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
			t.Fatal(err)
		}
		if len(fields) != 6 || fields[3] != "77" || fields[4] != strconv.FormatUint(own.Max, 10) {
			t.Errorf("the program says %q, want the limits 77 and %d", first, own.Max)
		}
		// The one that the runtime started with is gone, and raised was that which was there
		// before (boot.spare).
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", s.Process.Pid))
		var soft, hard uint64
		if _, now, ok := strings.Cut(string(limits), "Max open files"); ok {
			_, err = fmt.Sscan(now, &soft, &hard)
		}
		if err != nil || soft+1 < own.Max || hard != own.Max {
			t.Errorf("its own limits are %d and %d, %v, want all but one of %d", soft, hard, err, own.Max)
		}
		s.rest(t)
	})
}

// pending is what is sent to the shell before it executes the program: more real-time
// signals than boot keeps, and those that end a Go program.
func (s *subject) pending(t *testing.T, each int) {
	t.Helper()
	for i := range each {
		for _, signal := range []signals.Signal{32, 33, signals.SIGRTMIN, 40, signals.SIGRTMAX - 1} {
			s.queue(t, signal, uint64(i))
		}
	}
	for s2 := range standard.All() {
		s.queue(t, s2, uint64(s2))
	}
}

// standard are the signals below 32 that can be received, but for SIGCHLD, which is never
// told, and SIGCONT, which the kernel drops when a stop signal comes.
const standard = (signals.Full >> 33) &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1) | 1<<(signals.SIGCHLD-1) | 1<<(signals.SIGCONT-1))

// TestPendingAtExec sends signals to what will execute the program. None of them kills it,
// and all arrive, in order for each number.
func TestPendingAtExec(t *testing.T) {
	b := in(t, intake.Entry)
	const each = 150
	s := shellThen(t, b, "", "listen")
	s.pending(t, each)
	fmt.Fprintln(s.stdin)
	if first, ok := s.line(); !ok {
		t.Fatalf("%v, %q", s.Wait(), first)
	}
	next, seen := map[signals.Signal]uint64{}, signals.Set(0)
	for _, g := range s.rest(t) {
		if g.Code != signals.CodeQueue || g.PID != int32(os.Getpid()) || g.UID != uint32(os.Getuid()) {
			t.Errorf("arrived: %+v", g)
		}
		if !g.Signal.RealTime() {
			if g.Value != uint64(g.Signal) || seen.Has(g.Signal) {
				t.Errorf("arrived: %+v, before: %v", g, seen)
			}
			seen = seen.With(g.Signal)
			continue
		}
		// 32, 33 and 34 may meet threads of the runtime beyond what boot keeps, and these
		// overtake each other.
		if g.Value != next[g.Signal] && g.Signal > signals.SIGRTMIN {
			t.Errorf("arrived: %+v, want value %d", g, next[g.Signal])
		}
		next[g.Signal]++
	}
	if seen != standard {
		t.Errorf("of the standard signals %v did not arrive", standard&^seen)
	}
	for _, signal := range []signals.Signal{32, 33, signals.SIGRTMIN, 40, signals.SIGRTMAX - 1} {
		if next[signal] != each {
			t.Errorf("%v: %d arrived, want %d", signal, next[signal], each)
		}
	}
}

// TestPendingAtExecAgain does it again and again with few signals, each of which would end
// the program.
func TestPendingAtExecAgain(t *testing.T) {
	b := in(t, intake.Entry)
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		s := shellThen(t, b, "", "listen")
		want := signals.SetOf(signals.SIGHUP, signals.SIGINT, signals.SIGQUIT, signals.SIGTERM, signals.SIGSEGV, signals.SIGPROF, signals.SIGUSR1, 34)
		for signal := range want.All() {
			s.kill(t, signal)
		}
		fmt.Fprintln(s.stdin)
		if first, ok := s.line(); !ok {
			t.Fatalf("%v, %q", s.Wait(), first)
		}
		var seen signals.Set
		for _, g := range s.rest(t) {
			seen = seen.With(g.Signal)
		}
		if seen != want {
			t.Fatalf("arrived: %v, want %v", seen, want)
		}
	}
}
