package size

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint64
		err  string // a part of it
	}{
		{text: "0", want: 0},
		{text: "007", want: 7},
		{text: "512B", want: 512},
		{text: "1kB", want: 1000},
		{text: "100 mb", want: 100_000_000},
		{text: "1KiB", want: 1 << 10},
		{text: "1tib", want: 1 << 40},
		{text: "18446744073709551615", want: 1<<64 - 1},
		{text: "18446744073709551616", err: "is too large"},
		{text: "16777216TiB", err: "is too large"},
		{text: "100M", err: `write "100MB" or "100MiB"`},
		{text: "1.5GB", err: "is not a whole number"},
		{text: "100PB", err: `unknown unit in size "100PB", the units are B, kB, MB`},
		{text: "", err: `"" is not a size`},
		{text: "-5", err: "is not a size"},
	} {
		got, err := Parse(test.text)
		switch {
		case test.err == "" && (err != nil || got != test.want):
			t.Errorf("Parse(%q) = %d, %v, want %d", test.text, got, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("Parse(%q) = %d, %v, want an error with %q", test.text, got, err, test.err)
		}
	}
}
