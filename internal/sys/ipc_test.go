package sys_test

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"

	"supervise/internal/sys"
)

func newQueue(t *testing.T) int {
	t.Helper()
	id, err := sys.MsgGet(sys.IPCPrivate, sys.IPCCreate|0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.MsgRemove(id) })
	return id
}

func message(mtype int64, text string) []byte {
	buffer := append(make([]byte, sys.MsgHead), text...)
	sys.SetMsgType(buffer, mtype)
	return buffer
}

func TestMessageQueue(t *testing.T) {
	id := newQueue(t)
	for _, m := range [][]byte{message(7, "one"), message(9, "other"), message(7, "two")} {
		if err := sys.MsgSend(id, m, 0); err != nil {
			t.Fatal(err)
		}
	}
	stat, err := sys.MsgStat(id)
	if err != nil {
		t.Fatal(err)
	}
	if stat.Messages != 3 || stat.Bytes != 11 || int(stat.LastSender) != os.Getpid() || stat.LastReceiver != 0 ||
		stat.Perm.Mode&0o777 != 0o600 || int(stat.Perm.CUID) != os.Geteuid() || stat.MaxBytes == 0 || stat.ChangeTime == 0 {
		t.Errorf("MsgStat = %+v", stat)
	}
	buffer := make([]byte, 64)
	for _, want := range []string{"one", "two"} {
		n, err := sys.MsgReceive(id, buffer, 7, sys.IPCNoWait)
		if err != nil || string(buffer[sys.MsgHead:sys.MsgHead+n]) != want || sys.MsgType(buffer) != 7 {
			t.Errorf("received %q of type %d, %v", buffer[sys.MsgHead:sys.MsgHead+n], sys.MsgType(buffer), err)
		}
	}
	short := make([]byte, sys.MsgHead+2)
	if _, err := sys.MsgReceive(id, short, 0, sys.IPCNoWait); err != syscall.E2BIG {
		t.Errorf("too long: %v", err)
	}
	if n, err := sys.MsgReceive(id, short, 0, sys.IPCNoWait|sys.MsgNoError); err != nil || n != 2 {
		t.Errorf("cut: %d, %v", n, err)
	}
	if _, err := sys.MsgReceive(id, buffer, 0, sys.IPCNoWait); err != syscall.ENOMSG {
		t.Errorf("empty: %v", err)
	}
	stat.MaxBytes, stat.Perm.Mode = 16, 0o640
	if err := sys.MsgSet(id, stat); err != nil {
		t.Fatal(err)
	}
	if err := sys.MsgSend(id, message(1, "0123456789abcdef"), sys.IPCNoWait); err != nil {
		t.Error(err)
	}
	if err := sys.MsgSend(id, message(1, "0"), sys.IPCNoWait); err != syscall.EAGAIN {
		t.Errorf("full: %v", err)
	}
}

func TestMessageQueueRemovedUnderReceiver(t *testing.T) {
	id := newQueue(t)
	ended := make(chan error)
	go func() {
		buffer := make([]byte, 64)
		for {
			if _, err := sys.MsgReceive(id, buffer, 1, 0); !errors.Is(err, syscall.EINTR) {
				ended <- err
				return
			}
		}
	}()
	if err := sys.MsgRemove(id); err != nil {
		t.Fatal(err)
	}
	// EINVAL when it had not begun to wait.
	if err := <-ended; err != syscall.EIDRM && err != syscall.EINVAL {
		t.Error(err)
	}
}

func newSet(t *testing.T, n int) int {
	t.Helper()
	id, err := sys.SemGet(sys.IPCPrivate, n, sys.IPCCreate|0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.SemRemove(id) })
	return id
}

// TestSemaphores shows what the board relies on: a process that waits for several zeros at once
// sleeps at the first that is not one, and an earlier one that turns non-zero ends the
// sleep with EAGAIN.
func TestSemaphores(t *testing.T) {
	id := newSet(t, 3)
	if err := sys.SemSetValues(id, []uint16{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	if pid, err := sys.SemLastPID(id, 0); err != nil || pid != os.Getpid() {
		t.Errorf("SemLastPID = %d, %v", pid, err)
	}
	ops := []sys.SemOp{{Num: 0, Flags: sys.IPCNoWait}, {Num: 2}}
	if err := sys.SemWait(id, ops, 1e6); err != syscall.EAGAIN {
		t.Errorf("timeout: %v", err)
	}
	ended := make(chan error)
	go func() {
		for {
			if err := sys.SemWait(id, ops, 60e9); err != syscall.EINTR {
				ended <- err
				return
			}
		}
	}()
	if err := sys.SemTry(id, []sys.SemOp{{Num: 0, Op: 1}, {Num: 1, Op: -1}}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != syscall.EAGAIN {
		t.Error(err)
	}
	if err := sys.SemTry(id, []sys.SemOp{{Num: 1, Op: -1}}); err != syscall.EAGAIN {
		t.Errorf("below zero: %v", err)
	}
	values := make([]uint16, 3)
	if err := sys.SemValues(id, values); err != nil || !slices.Equal(values, []uint16{1, 0, 1}) {
		t.Errorf("values %v, %v", values, err)
	}
	perm, err := sys.SemPerm(id)
	if err != nil || perm.Mode&0o777 != 0o600 || int(perm.UID) != os.Geteuid() {
		t.Errorf("SemPerm = %+v, %v", perm, err)
	}
	perm.Mode = 0o640
	if err := sys.SemSetPerm(id, perm); err != nil {
		t.Error(err)
	}
	if perm, err = sys.SemPerm(id); err != nil || perm.Mode&0o777 != 0o640 {
		t.Errorf("mode %o, %v", perm.Mode, err)
	}
}

func TestFtok(t *testing.T) {
	dir := t.TempDir()
	var st syscall.Stat_t
	if err := syscall.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	key := sys.Ftok(&st, 'Q')
	want := int32(uint32('Q')<<24 | uint32(st.Dev)<<24>>8 | uint32(st.Ino)<<16>>16)
	if key != want {
		t.Errorf("Ftok = %#x, want %#x", key, want)
	}
}
