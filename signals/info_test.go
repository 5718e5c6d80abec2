package signals_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"supervise/signals"
)

// siginfo builds a siginfo_t field by field at the offsets of the kernel's
// asm-generic/siginfo.h on a 64-bit machine.
func siginfo(signo, errno, code, pid int32, uid uint32, value uint64, rest ...byte) signals.RawInfo {
	var raw signals.RawInfo
	order := binary.NativeEndian
	order.PutUint32(raw[0:], uint32(signo))
	order.PutUint32(raw[4:], uint32(errno))
	order.PutUint32(raw[8:], uint32(code))
	order.PutUint32(raw[16:], uint32(pid))
	order.PutUint32(raw[20:], uid)
	order.PutUint64(raw[24:], value)
	copy(raw[32:], rest)
	return raw
}

func TestDecode(t *testing.T) {
	raw := siginfo(37, 5, -1, 812, 4000000000, 0xfedcba9876543210, 1, 2, 3)
	got := signals.Decode(&raw)
	if got.Signal != 37 || got.Errno != 5 || got.Code != signals.CodeQueue || got.PID != 812 || got.UID != 4000000000 ||
		got.Value != 0xfedcba9876543210 {
		t.Errorf("Decode = %+v", got)
	}
	if got.Raw() != raw {
		t.Errorf("Raw gives\n%x, want\n%x", got.Raw(), raw)
	}
	if (signals.Info{}).Raw() != (signals.RawInfo{}) {
		t.Error("the zero Info is not the zero siginfo_t")
	}
}

func TestForwardable(t *testing.T) {
	tests := []struct {
		name       string
		code       signals.Code
		signal     signals.Signal
		verbatim   bool
		senderKept bool
	}{
		{"kill", signals.CodeUser, signals.SIGTERM, false, true},
		{"tgkill", signals.CodeThread, signals.SIGTERM, false, true},
		{"sigqueue", signals.CodeQueue, 40, true, true},
		{"timer", signals.CodeTimer, 40, true, true},
		{"message", signals.CodeMessage, 40, true, true},
		{"async", signals.CodeAsync, 40, true, true},
		{"io", signals.CodeIO, signals.SIGIO, true, true},
		{"unknown negative", -60, 40, true, true},
		{"kernel", signals.CodeKernel, signals.SIGINT, false, false},
		{"fault", 1, signals.SIGSEGV, false, false},
		{"child exited", 1, signals.SIGCHLD, false, true},
		{"child continued", 6, signals.SIGCHLD, false, true},
		{"child, from the kernel", signals.CodeKernel, signals.SIGCHLD, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw := siginfo(int32(test.signal), 7, int32(test.code), 812, 1000, 42, 9, 9, 9)
			in := signals.Decode(&raw)
			out := in.Forwardable()
			if test.verbatim {
				if out.Raw() != raw {
					t.Errorf("%+v became %+v", in, out)
				}
				return
			}
			want := signals.Info{Signal: test.signal, Code: signals.CodeQueue, Errno: 7}
			if test.senderKept {
				want.PID, want.UID = 812, 1000
			}
			if out != want {
				t.Errorf("%+v became %+v, want %+v", in, out, want)
			}
			if out.Forwardable() != out {
				t.Errorf("forwarded twice it becomes %+v", out.Forwardable())
			}
		})
	}
}

func TestInfoText(t *testing.T) {
	tests := []struct {
		info signals.Info
		want string
	}{
		{signals.Info{Signal: signals.SIGTERM, PID: 812}, "SIGTERM from pid 812 (uid 0)"},
		{signals.Info{Signal: signals.SIGTERM, PID: 812, UID: 4294967294}, "SIGTERM from pid 812 (uid 4294967294)"},
		{signals.Info{Signal: signals.SIGTERM, Code: signals.CodeThread, PID: 1}, "SIGTERM from pid 1 (uid 0)"},
		{signals.Info{Signal: signals.SIGTERM}, "SIGTERM from a process outside this PID namespace"},
		{signals.Info{Signal: 37, Code: signals.CodeQueue, PID: 812, Value: 42}, "SIGRTMIN+3 with value 42 from pid 812 (uid 0)"},
		{signals.Info{Signal: 37, Code: signals.CodeQueue, PID: 812}, "SIGRTMIN+3 from pid 812 (uid 0)"},
		{signals.Info{Signal: 37, Code: signals.CodeQueue, PID: 812, Value: 1<<64 - 1}, "SIGRTMIN+3 with value 18446744073709551615 from pid 812 (uid 0)"},
		{signals.Info{Signal: 40, Code: signals.CodeMessage, PID: 812}, "SIGRTMIN+6 from pid 812 (uid 0)"},
		{signals.Info{Signal: signals.SIGALRM, Code: signals.CodeTimer, PID: 3}, "SIGALRM from a timer"},
		{signals.Info{Signal: signals.SIGIO, Code: signals.CodeIO}, "SIGIO from an I/O completion"},
		{signals.Info{Signal: signals.SIGIO, Code: signals.CodeAsync}, "SIGIO from an I/O completion"},
		{signals.Info{Signal: signals.SIGINT, Code: signals.CodeKernel}, "SIGINT from the kernel"},
		{signals.Info{Signal: signals.SIGSEGV, Code: 1}, "SIGSEGV from the kernel"},
		{signals.Info{Signal: signals.SIGCHLD, Code: 1, PID: 99, UID: 5}, "SIGCHLD from pid 99 (uid 5)"},
		{signals.Info{Signal: signals.SIGHUP, Code: -60}, "SIGHUP from an unknown source (si_code -60)"},
	}
	for _, test := range tests {
		if got := test.info.String(); got != test.want {
			t.Errorf("%+v reads %q, want %q", test.info, got, test.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	raw := siginfo(37, 0, -1, 812, 0, 42)
	f.Add(raw[:])
	f.Add(bytes.Repeat([]byte{0xff}, 128))
	f.Fuzz(func(t *testing.T, data []byte) {
		var raw signals.RawInfo
		copy(raw[:], data)
		clear(raw[1:4]) // the kernel knows no number beyond 64
		info := signals.Decode(&raw)
		_ = info.String()
		back := info.Raw()
		// What the kernel fills in (struct kernel_siginfo is 48 bytes), but for the
		// padding, comes back.
		if !bytes.Equal(back[:12], raw[:12]) || !bytes.Equal(back[16:48], raw[16:48]) {
			t.Fatalf("Raw gives\n%x, want\n%x", back, raw)
		}
		if signals.Decode(&back) != info {
			t.Fatalf("decoded twice: %+v and %+v", info, signals.Decode(&back))
		}
		out := info.Forwardable()
		if out.Code >= 0 || out.Code == signals.CodeThread {
			t.Fatalf("the kernel would refuse %+v", out)
		}
		if out.Forwardable() != out || out.Signal != info.Signal {
			t.Fatalf("forwarded twice: %+v and %+v", out, out.Forwardable())
		}
	})
}
