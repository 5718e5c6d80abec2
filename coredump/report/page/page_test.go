package page

import (
	"fmt"
	"strings"
	"testing"

	"supervise/coredump/report"
)

func TestColumns(t *testing.T) {
	for _, a := range []report.Addr{0, 0x10, 0x7f988c7e424a, 1 << 63} {
		if got, want := address(a), fmt.Sprintf("0x%012x", uint64(a)); got != want {
			t.Errorf("address %s, want %s", got, want)
		}
	}
	for _, text := range []string{"", "#0", "a longer one"} {
		if got, want := padded(text, 4), fmt.Sprintf("%-4s", text); got != want {
			t.Errorf("padded %q, want %q", got, want)
		}
	}
	if blanks(-1) != "" || blanks(maxFunctionWidth) != strings.Repeat(" ", maxFunctionWidth) {
		t.Error("the number of blanks is wrong")
	}
}

func TestModules(t *testing.T) {
	got := string(Modules([]report.Module{
		{Path: "/bin/a\x1b", BuildID: "c0ffee", Start: 0x1000, End: 0x2000},
		{Path: "/lib/b", Start: 0x7f0000000000, End: 0x7f0000001000, Problem: "missing"},
	}, false))
	want := fmt.Sprintf("%-14s  %-14s  %-40s  %s\n", "START", "END", "BUILD ID", "PATH") +
		fmt.Sprintf("0x000000001000  0x000000002000  %-40s  /bin/a^[\n", "c0ffee") +
		fmt.Sprintf("0x7f0000000000  0x7f0000001000  %-40s  /lib/b  (missing)\n", "-")
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
