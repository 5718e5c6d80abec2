package size

import (
	"math/bits"
	"strconv"

	"supervise/internal/guess"
	"supervise/internal/text"
)

// units are the suffixes of sizes. A single letter is not one: it means 1000 to some programs
// and 1024 to others.
var units = []struct {
	name  string
	bytes uint64
}{
	{"B", 1},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
}

// Parse parses a number of bytes from 0 to 2^64-1: a whole decimal number, optionally
// followed by a unit, with or without a space. kB, MB, GB and TB are powers of 1000; KiB,
// MiB, GiB and TiB powers of 1024 (IEC 80000-13); B is a byte. Case does not matter. The
// error is a [*guess.Error].
func Parse(written string) (uint64, error) {
	end := 0
	for end < len(written) && written[end] >= '0' && written[end] <= '9' {
		end++
	}
	if end == 0 {
		return 0, notASize(written)
	}
	n, err := strconv.ParseUint(written[:end], 10, 64)
	if err != nil {
		return 0, tooLarge(written)
	}
	if end == len(written) {
		return n, nil
	}
	unit, _ := text.CutPrefix(written[end:], " ")
	factor, err := parseUnit(written, n, unit)
	if err != nil {
		return 0, err
	}
	high, size := bits.Mul64(n, factor)
	if high != 0 {
		return 0, tooLarge(written)
	}
	return size, nil
}

// parseUnit parses unit, which follows the number n in written.
func parseUnit(written string, n uint64, unit string) (uint64, error) {
	names := make([]string, 0, len(units))
	for _, u := range units {
		if text.EqualFold(unit, u.name) {
			return u.bytes, nil
		}
		names = append(names, u.name)
	}
	digits := strconv.FormatUint(n, 10)
	switch {
	case unit == "":
		return 0, notASize(written)
	case len(unit) == 1 && text.Contains("kKmMgGtT", unit):
		letter := text.Upper(unit)
		return 0, &guess.Error{
			Message: "size " + guess.Quote(written) + " could count in powers of 1000 or of 1024",
			Hint:    "write " + guess.Quote(digits+letter+"B") + " or " + guess.Quote(digits+letter+"iB"),
		}
	case unit[0] == '.' || unit[0] == ',' || unit[0] == '_':
		return 0, &guess.Error{
			Message: "size " + guess.Quote(written) + " is not a whole number",
			Hint:    `write digits alone, and a smaller unit if need be: "1500MB" for 1.5 GB`,
		}
	}
	return 0, &guess.Error{Message: "unknown unit in size " + guess.Quote(written), Hint: "the units are " + text.Join(names, ", ")}
}

func notASize(written string) error {
	return &guess.Error{
		Message: guess.Quote(written) + " is not a size",
		Hint:    `write a number of bytes, with a unit if you like: "100MB", "64KiB"`,
	}
}

func tooLarge(written string) error {
	return &guess.Error{Message: "size " + guess.Quote(written) + " is too large", Hint: "the most is 2^64-1 bytes"}
}
