//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"supervise/internal/testproc"
)

func TestPlacement(t *testing.T) {
	session, _, errno := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	eachClone(t, func(t *testing.T) {
		for placement, want := range map[Placement]func(pid int) (group, session int){
			SameGroup:  func(int) (int, int) { return syscall.Getpgrp(), int(session) },
			OwnGroup:   func(pid int) (int, int) { return pid, int(session) },
			OwnSession: func(pid int) (int, int) { return pid, pid },
		} {
			spec := sleeper()
			spec.Placement = placement
			child := start(t, &spec)
			fields := stat(t, child.PID)
			parent, group, session := fields[1], fields[2], fields[3]
			wantGroup, wantSession := want(child.PID)
			if parent != strconv.Itoa(os.Getpid()) || group != strconv.Itoa(wantGroup) || session != strconv.Itoa(wantSession) {
				t.Errorf("placement %d: pid %d has parent %s, group %s, session %s, want %d, %d, %d",
					placement, child.PID, parent, group, session, os.Getpid(), wantGroup, wantSession)
			}
		}
	})
}

// TestTerminal hands the foreground of a terminal to the child's group.
func TestTerminal(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnSession) {
		return
	}
	signal.Ignore(syscall.SIGHUP) // that the terminal goes at the end
	tty := terminal(t)
	eachClone(t, func(t *testing.T) {
		spec := sleeper()
		spec.Placement, spec.Terminal, spec.HasTerminal = OwnGroup, tty, true
		child := start(t, &spec)
		if got := foreground(t, tty); got != child.PID {
			t.Errorf("the terminal listens to group %d, want %d", got, child.PID)
		}
		// Where there is none it is done without.
		null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(null)
		spec.Terminal = null
		start(t, &spec)
	})
}

// TestTerminalOfSession gives a terminal that nobody has to the child's session.
func TestTerminalOfSession(t *testing.T) {
	if !testproc.Alone(t, testproc.OwnSession) {
		return
	}
	signal.Ignore(syscall.SIGHUP)
	tty := terminal(t)
	eachClone(t, func(t *testing.T) {
		for _, free := range []bool{false, true} {
			if free {
				ioctl(t, tty, syscall.TIOCNOTTY, nil)
			}
			spec := sleeper()
			spec.Placement, spec.Terminal, spec.HasTerminal = OwnSession, tty, true
			child := start(t, &spec)
			if got := stat(t, child.PID)[4] != "0"; got != free { // tty_nr
				t.Errorf("the terminal being free is %v, the child having one is %v", free, got)
			}
			if !free {
				continue
			}
			_ = syscall.Kill(child.PID, syscall.SIGKILL)
			wait(t, child, 0)
			ioctl(t, tty, syscall.TIOCSCTTY, nil)
		}
	})
}

// terminal makes a new pseudo terminal the controlling one of this process.
func terminal(t *testing.T) (tty int) {
	t.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here:", err)
	}
	t.Cleanup(func() { ptmx.Close() })
	var number, unlocked int32
	ioctl(t, int(ptmx.Fd()), syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(t, int(ptmx.Fd()), syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	tty, err = syscall.Open("/dev/pts/"+strconv.Itoa(int(number)), syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(tty) })
	ioctl(t, tty, syscall.TIOCSCTTY, nil)
	return tty
}

func foreground(t *testing.T, tty int) int {
	t.Helper()
	var group int32
	ioctl(t, tty, syscall.TIOCGPGRP, unsafe.Pointer(&group))
	return int(group)
}

func ioctl(t *testing.T, fd int, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		t.Fatalf("ioctl %#x: %v", request, errno)
	}
}
