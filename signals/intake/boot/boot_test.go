//go:build linux && (amd64 || arm64)

package boot_test

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/intake/boot"
)

func TestMain(m *testing.M) {
	testproc.Role("masks", masks)
	testproc.Main(m)
}

// masks prints the mask of each of some new threads.
func masks([]string) int {
	const threads = 8
	var started, done sync.WaitGroup
	started.Add(threads)
	said := make([]signals.Set, threads)
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread() // and never unlocked, so that each has its own
			said[i] = sys.Mask()
			started.Done()
			started.Wait()
		})
	}
	done.Wait()
	for _, mask := range said {
		fmt.Println(mask.Mask())
	}
	return 0
}

// TestForced holds the set against this version of the Go runtime: what is unblocked in
// its threads although everything was blocked when it started.
func TestForced(t *testing.T) {
	argv := testproc.Argv(t)
	cmd := testproc.Inheriting(t, signals.Full, 0, "masks", argv[0])
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	open := signals.Set(0)
	for line := range strings.Lines(string(out)) {
		mask, err := signals.ParseMask(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		open |= signals.Full &^ mask
	}
	if want := signals.Set(boot.Forced) | signals.SetOf(signals.SIGKILL, signals.SIGSTOP); open != want {
		t.Errorf("the runtime unblocks %v\nwe say            %v", open, want)
	}
}

// action is the kernel's struct sigaction.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// actions reads all dispositions of this process: rt_sigaction(2). Restorers are left out,
// of which any will do: all make the same system call.
func actions(t *testing.T) (all [signals.Max + 1]action) {
	t.Helper()
	for s := range signals.Full.All() {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&all[s])), 8, 0, 0); errno != 0 {
			t.Fatal(errno)
		}
		if all[s].handler <= 1 { // SIG_DFL and SIG_IGN know no more
			all[s] = action{handler: all[s].handler}
		}
		all[s].restorer = 0
	}
	return all
}

// TestInstall puts the catcher in the place of exactly the handlers of Forced, all alike,
// and gives back what was there.
func TestInstall(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	if boot.Entered() {
		t.Fatal("a test binary has another entry point")
	}
	before := actions(t)
	boot.Install()
	during := actions(t)
	boot.Uninstall()
	after := actions(t)
	catcher := during[signals.SIGTERM]
	if catcher.handler <= 1 || catcher.handler == before[signals.SIGTERM].handler || signals.Set(catcher.mask) != signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP) {
		t.Fatalf("the catcher is %+v, SIGTERM's handler was %+v", catcher, before[signals.SIGTERM])
	}
	for s := range signals.Full.All() {
		if want := before[s]; signals.Set(boot.Forced).Has(s) {
			if during[s] != catcher {
				t.Errorf("%v: %+v, want the catcher %+v", s, during[s], catcher)
			}
		} else if during[s] != want {
			t.Errorf("%v: %+v, was %+v", s, during[s], want)
		}
		// With cgo the C library has set some masks, which differ in its own signals.
		if after[s].handler != before[s].handler || after[s].flags != before[s].flags {
			t.Errorf("%v: %+v afterwards, was %+v", s, after[s], before[s])
		}
	}
}

// TestObserve tells how signals came that package os/signal passes on as ever.
func TestObserve(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnProcess) {
		return
	}
	arriving := make(chan os.Signal, 1)
	signal.Notify(arriving, syscall.SIGUSR1)
	set := uint64(signals.SetOf(signals.SIGUSR1, signals.SIGKILL, signals.SIGRTMIN)) // two of these have no handler
	boot.Observe(set)
	boot.Observe(set)
	pid := os.Getpid()
	for range 100 { // so that the ring comes round
		for code, send := range map[signals.Code]func() error{
			signals.CodeUser:   func() error { return sys.Kill(pid, signals.SIGUSR1) },
			signals.CodeThread: func() error { return sys.KillThread(pid, pid, signals.SIGUSR1) },
			signals.CodeQueue: func() error {
				return sys.Queue(pid, signals.Info{Signal: signals.SIGUSR1, Code: signals.CodeQueue})
			},
		} {
			if err := send(); err != nil {
				t.Fatal(err)
			}
			<-arriving
			if s, got := boot.Observed(); s != int(signals.SIGUSR1) || got != int32(code) {
				t.Errorf("observed was %d with si_code %d, want %d", s, got, code)
			}
		}
	}
	if s, _ := boot.Observed(); s != 0 {
		t.Errorf("observed was %d, which nobody sent", s)
	}
}

// TestNoFile knows the limit from before package os raised it.
func TestNoFile(t *testing.T) {
	soft, hard := boot.NoFile()
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		t.Fatal(err)
	}
	if hard != now.Max || soft > now.Cur || soft == 0 {
		t.Errorf("inherited %d and %d, now %+v", soft, hard, now)
	}
}
