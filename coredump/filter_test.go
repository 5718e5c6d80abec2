package coredump

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"supervise/internal/guess"
)

func TestParseFilter(t *testing.T) {
	for _, test := range []struct {
		words string // separated by spaces
		want  Filter
	}{
		{"", 0},
		{"private-anonymous", 0x1},
		{"shared-anonymous", 0x2},
		{"private-file-backed", 0x4},
		{"shared-file-backed", 0x8},
		{"elf-headers", 0x10},
		{"private-huge", 0x20},
		{"shared-huge", 0x40},
		{"private-dax", 0x80},
		{"shared-dax", 0x100},
		{"default", 0x33},
		{"all", 0x1ff},
		{"private-anonymous shared-anonymous elf-headers", 0x13},
		{"default private-dax", 0xb3},
		{"elf-headers elf-headers", 0x10},
		{"0x33", 0x33},
		{"0X1fF", 0x1ff},
		{"0x0033", 0x33},
		{"0x1 shared-anonymous", 0x3},
		{"0", 0},
		{"0x0", 0},
	} {
		got, err := ParseFilter(strings.Fields(test.words))
		if err != nil || got != test.want {
			t.Errorf("ParseFilter(%q) = %v, %v, want %v", test.words, got, err, test.want)
		}
	}
}

func TestParseFilterErrors(t *testing.T) {
	for _, test := range []struct{ word, want string }{
		{"", "known are private-anonymous, shared-anonymous, private-file-backed"},
		{"elf-header", `unknown kind of mapping "elf-header", did you mean "elf-headers"?`},
		{"ELF_HEADERS", `did you mean "elf-headers"?`},
		{"privat-anonymous", `did you mean "private-anonymous"?`},
		{"shared-anon", `did you mean "shared-anonymous"?`},
		{"everything", "known are"},
		{"al", `did you mean "all"?`},
		{"deafult", `did you mean "default"?`},
		{"33", `core filter "33" could be decimal or hexadecimal, write 0x before hexadecimal digits: "0x33"`},
		{"0x200", `core filter "0x200" has bits that mean nothing, the highest is "0x1ff"`},
		{"0xffffffffffffffffffff", "has bits that mean nothing"},
		{"0x", "is not a hexadecimal number"},
		{"0xzz", "is not a hexadecimal number"},
		{"0x-1", "is not a hexadecimal number"},
		{"0x1_0", "is not a hexadecimal number"},
		{"5 6", "is not a hexadecimal number"},
		{"-1", "known are"},
	} {
		got, err := ParseFilter([]string{"private-anonymous", test.word})
		if err == nil || got != 0 || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseFilter(%q) = %v, %v, want an error with %q", test.word, got, err, test.want)
		}
	}
}

func TestFilterText(t *testing.T) {
	if Default != 0x33 || All != 0x1ff {
		t.Errorf("Default = %v, All = %v, want 0x33 and 0x1ff", Default, All)
	}
	want := []string{"private-anonymous", "shared-anonymous", "elf-headers", "private-huge"}
	if got := Default.Names(); !slices.Equal(got, want) {
		t.Errorf("Default.Names() = %q, want %q", got, want)
	}
	if got := Filter(0xfffffe00).Names(); len(got) != 0 {
		t.Errorf("the bits above All have the names %q", got)
	}
	for f := range All + 1 {
		byNames, err1 := ParseFilter(f.Names())
		byText, err2 := ParseFilter([]string{f.String()})
		if err1 != nil || err2 != nil || byNames != f || byText != f {
			t.Errorf("%v: from its names %v, %v; from its text %v, %v", f, byNames, err1, byText, err2)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, name := range FilterNames() {
		f.Add(name)
	}
	for _, seed := range []string{"", "0x33", "33", "0x200", "default 0x100", "privat-anon", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(strings.Fields(text))
		checkError(t, err)
		if filter > All || err != nil && filter != 0 {
			t.Errorf("ParseFilter(%q) = %v, %v", text, filter, err)
		}
		again, err := ParseFilter([]string{filter.String()})
		if err != nil || again != filter {
			t.Errorf("ParseFilter(%v) = %v, %v", filter, again, err)
		}
	})
}

// checkError asks of an error what every caller relies on.
func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *guess.Error
	if !errors.As(err, &e) || e.Message == "" || e.Hint == "" || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %#v is not one line with message and hint", err)
	}
}
