package size

import (
	"math"
	"testing"
)

func TestFormat(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1 KB", 1449: "1.4 KB", 1951: "2 KB", 9949: "9.9 KB", 9950: "10 KB",
		18_432: "18 KB", 999_499: "999 KB", 999_500: "1 MB", 44_100_000: "44 MB", 1_500_000_000: "1.5 GB",
		math.MaxInt64: "9.2 EB", -1500: "-1.5 KB", math.MinInt64: "-4.6 EB",
	} {
		if got := Format(bytes); got != want {
			t.Errorf("Format(%d) = %q, want %q", bytes, got, want)
		}
	}
}
