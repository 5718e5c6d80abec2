package status

import "supervise/internal/text"

const (
	tenth  = 100_000_000
	second = 10 * tenth
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Short writes a duration, in nanoseconds, in about six letters: 0.4s, 12s, 3m12s, 2h05m,
// 4d03h.
func Short(d int64) string {
	var memory [24]byte
	b := text.NewBuffer(memory[:])
	addShort(&b, d)
	return string(b.Bytes())
}

// addShort adds what Short returns.
func addShort(b *text.Buffer, d int64) {
	d = max(d, 0)
	switch {
	case d < 10*second:
		addPair(b, d/second, ".", d%second/tenth, 1, "s")
	case d < minute:
		b.AddInt(d / second)
		b.Add("s")
	case d < hour:
		addPair(b, d/minute, "m", d%minute/second, 2, "s")
	case d < day:
		addPair(b, d/hour, "h", d%hour/minute, 2, "m")
	default:
		addPair(b, d/day, "d", d%day/hour, 2, "h")
	}
}

// addPair adds two numbers and their units.
func addPair(t *text.Buffer, a int64, unit string, b int64, digits int, small string) {
	t.AddInt(a)
	t.Add(unit)
	t.AddUint(uint64(b), digits)
	t.Add(small)
}
