package status

import (
	"encoding/binary"
	"strings"
	"testing"
	"unsafe"
)

// TestLayout writes the bytes down that the documentation of [Slot] promises.
func TestLayout(t *testing.T) {
	s := full
	s.Wanted = Absent // there is more to say
	var slot Slot
	slot.Pack(&s)
	m, order := (*[SlotSize]byte)(unsafe.Pointer(&slot))[:], binary.NativeEndian
	for offset, want := range map[int]uint64{8: uint64(s.Since), 16: uint64(s.NextRestart), 24: 2, 56: uint64(s.Exit.Time), 64: 10, 72: 11} {
		if got := order.Uint64(m[offset:]); got != want {
			t.Errorf("offset %d: %d, want %d", offset, got, want)
		}
	}
	for offset, want := range map[int]uint32{0: 0, 4: 31, 32: 4711, 36: 7, 40: 11, 44: 812, 48: 1000, 52: 5, 80: 1, 84: 4, 88: 0, 92: 2} {
		if got := order.Uint32(m[offset:]); got != want {
			t.Errorf("offset %d: %d, want %d", offset, got, want)
		}
	}
	for offset, want := range map[int]string{96: "running\x00", 112: "bash\x00", 128: "web\x00", 208: "from pid 812 (bash, uid 1000)\x00"} {
		if got := string(m[offset : offset+len(want)]); got != want {
			t.Errorf("offset %d: %q, want %q", offset, got, want)
		}
	}
}

// TestCut packs what a slot has no room for: it is cut, and the slot says so.
func TestCut(t *testing.T) {
	texts := func(name, state, sender, cause int) Service {
		x := strings.Repeat("x", 100)
		return Service{Name: x[:name], State: x[:state], Wanted: Up, Exit: Exit{By: Process{Name: x[:sender]}, Cause: x[:cause]}}
	}
	gone := full
	gone.Wanted = Absent
	for _, test := range []struct {
		in       Service
		complete bool
	}{
		{texts(80, 16, 16, 48), true},
		{texts(81, 16, 16, 48), false},
		{texts(80, 17, 16, 48), false},
		{texts(80, 16, 17, 48), false},
		{texts(80, 16, 16, 49), false},
		{gone, false},
		{Service{Name: "x", Wanted: "sideways"}, false},
		{Service{}, true},
	} {
		var slot Slot
		var got Service
		slot.Pack(&test.in)
		if complete := slot.Unpack(&got); complete != test.complete {
			t.Errorf("%+v is read as %+v, complete: %v", test.in, got, complete)
		}
		if got.Exit.Cause != shorten(test.in.Exit.Cause, maxCause) || got.Name != test.in.Name[:min(len(test.in.Name), maxName)] {
			t.Errorf("%+v is read as %+v", test.in, got)
		}
	}
}

// TestNamed compares names, of every length that fits.
func TestNamed(t *testing.T) {
	x := strings.Repeat("x", maxName)
	for _, name := range []string{"", "x", x[1:], x} {
		var slot Slot
		slot.Pack(&Service{Name: name})
		for _, other := range []string{"", "x", "xx", "y", x[1:], x, x + "x"} {
			if got := slot.Named(other); got != (name == other) {
				t.Errorf("a slot of %q is named %q: %v", name, other, got)
			}
		}
	}
}

func TestShorten(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"from pid 4194304 (supervise, uid 4294967294)":                          "from pid 4194304 (supervise, uid 4294967294)",
		"from supervise: a rung of its ladder":                                  "from supervise: a rung of its ladder",
		"perhaps from supervise: a rung of its ladder, sent 1.5s before":        "perhaps from supervise: a rung of its ladder",
		"from an unknown sender: the kernel does not say who it was":            "from an unknown sender",
		"perhaps from pid 12 (supervise, uid 0), which sent one 1.5s before it": "perhaps from pid 12 (supervise, uid 0)",
		"sent by the kernel's OOM killer: the cgroup /a/b: it was full":         "sent by the kernel's OOM killer: the cgroup /a/b",
		"perhaps from pid 4194304 (a-longer-nameXX, uid 4294967294), which":     "perhaps from pid 4194304 (a-longer-nameXX)",
		"from pid 4711 (bash, tty pts/3, user alice as root)":                   "from pid 4711 (bash, tty pts/3)",
		"from a process, whose name is endless (a-longer-name-than-that-has-ro": "from a process",
		"from-somebody-whose-name-is-far-too-long-for-(a-slot-of-the-board)":    "from-somebody-whose-name-is-far-too-long-for-(a-",
	} {
		if got := shorten(text, 48); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// BenchmarkPack measures what a change costs the supervisor.
func BenchmarkPack(b *testing.B) {
	var slot Slot
	for b.Loop() {
		slot.Pack(&full)
	}
}
