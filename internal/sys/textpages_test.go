package sys

import "testing"

func TestConstant(t *testing.T) {
	const exe = "/usr/bin/supervise"
	tests := []struct {
		line        string
		start, size uintptr
		ok          bool
	}{
		{"00400000-00600000 r-xp 00000000 fe:00 123                              /usr/bin/supervise", 0x400000, 0x200000, true},
		{"00600000-00700000 r--p 00200000 fe:00 123                              /usr/bin/supervise", 0x600000, 0x100000, true},
		{"00700000-00710000 rw-p 00300000 fe:00 123                              /usr/bin/supervise", 0x700000, 0x10000, false},
		{"555555554000-555555600000 r-xp 00000000 fe:00 123                      /usr/bin/supervise", 0x555555554000, 0xac000, true},
		{"555555600000-555555700000 r--p 00000000 fe:00 123                      /usr/bin/supervise", 0x555555600000, 0x100000, false},
		{"7ffff7fc1000-7ffff7fc5000 r--p 00000000 00:00 0                          [vvar]", 0, 0, false},
		{"7ffff7fc5000-7ffff7fc7000 r-xp 00000000 00:00 0                          [vdso]", 0, 0, false},
		{"c000000000-c000400000 rw-p 00000000 00:00 0 ", 0, 0, false},
		{"", 0, 0, false},
		{"x-y r-xp 0 0 0 /usr/bin/supervise", 0, 0, false},
	}
	for _, test := range tests {
		start, size, ok := readOnlyRange(test.line, exe)
		if ok != test.ok || ok && (start != test.start || size != test.size) {
			t.Errorf("%q: %#x, %#x, %v", test.line, start, size, ok)
		}
	}
}

// TestDropTextPages runs code whose pages were dropped.
func TestDropTextPages(t *testing.T) {
	for range 10 {
		DropTextPages()
	}
	if _, err := ReadStat(1); err != nil {
		t.Error(err)
	}
}
