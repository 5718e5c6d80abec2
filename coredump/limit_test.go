package coredump

import (
	"strings"
	"testing"

	"supervise/internal/size"
)

func TestParseLimit(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint64
	}{
		{"unlimited", Unlimited},
		{"0", 0},
		{"1", 1},
		{"4096", 4096},
		{"007", 7},
		{"512B", 512},
		{"1kB", 1000},
		{"1KB", 1000},
		{"100MB", 100_000_000},
		{"100 MB", 100_000_000},
		{"100mb", 100_000_000},
		{"2GB", 2_000_000_000},
		{"3TB", 3_000_000_000_000},
		{"1KiB", 1 << 10},
		{"10MiB", 10 << 20},
		{"1GiB", 1 << 30},
		{"1tib", 1 << 40},
		{"16777215TiB", 16777215 << 40},
		{"18446744073709551614", 1<<64 - 2},
	} {
		got, err := ParseLimit(test.text)
		if err != nil || got != test.want {
			t.Errorf("ParseLimit(%q) = %d, %v, want %d", test.text, got, err, test.want)
		}
	}
}

func TestParseLimitErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", `"" is not a size, write a number of bytes`},
		{"unlimitd", `core limit "unlimitd" is not a size, did you mean "unlimited"?`},
		{"Unlimited", `did you mean "unlimited"?`},
		{"infinity", `did you mean "unlimited"?`},
		{"-1", `did you mean "unlimited"?`},
		{"unlim", `did you mean "unlimited"?`},
		{"18446744073709551615", `is too large, did you mean "unlimited"?`},
		{"18446744073709551616", "is too large"},
		{"16777216TiB", "is too large"},
		{"99999999999999999999999999999GB", "is too large"},
		{"100M", `size "100M" could count in powers of 1000 or of 1024, write "100MB" or "100MiB"`},
		{"1k", `write "1KB" or "1KiB"`},
		{"1.5GB", "is not a whole number"},
		{"1_000", "is not a whole number"},
		{"100MBB", `unknown unit in size "100MBB", the units are B, kB, MB`},
		{"100PB", `unknown unit in size "100PB"`},
		{"100 parsecs", "the units are B, kB, MB"},
		{"100 ", "is not a size"},
		{"100  MB", "unknown unit"},
		{"lots", "is not a size"},
		{"-5", "is not a size"},
		{"+5", "is not a size"},
		{" 5", "is not a size"},
		{"0x10", "unknown unit"},
		{strings.Repeat("9", 5000), "9..."},
	} {
		got, err := ParseLimit(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseLimit(%.40q) = %d, %v, want an error with %q", test.text, got, err, test.want)
		}
		checkError(t, err)
	}
}

func FuzzParseLimit(f *testing.F) {
	for _, seed := range []string{"unlimited", "0", "100MB", "1 KiB", "100M", "1.5GB", "18446744073709551615", "9é", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limit, err := ParseLimit(text)
		checkError(t, err)
		if limit == Unlimited && text != "unlimited" && err == nil {
			t.Errorf("ParseLimit(%q) is unlimited", text)
		}
		bytes, err := size.Parse(text)
		checkError(t, err)
		if err == nil && bytes != limit && bytes != Unlimited {
			t.Errorf("size.Parse(%q) = %d, ParseLimit %d", text, bytes, limit)
		}
	})
}
