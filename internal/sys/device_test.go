package sys_test

import (
	"testing"

	"supervise/internal/sys"
)

func TestDevice(t *testing.T) {
	for number, want := range map[sys.Device]string{
		0: "", 0x8803: "pts/3", 0x8900: "pts/256", 0x108801: "pts/257", 0x401: "tty1", 0x43f: "tty63", 0x440: "ttyS0",
		0x501: "console", 0xcc40: "204:64", -1: "4095:1048575",
	} {
		if got := number.String(); got != want {
			t.Errorf("%#x: %q, want %q", int(number), got, want)
		}
	}
}
