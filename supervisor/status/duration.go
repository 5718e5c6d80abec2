package status

import "strconv"

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
	d = max(d, 0)
	switch {
	case d < 10*second:
		return pair(d/second, ".", d%second/tenth, "s")
	case d < minute:
		return strconv.FormatInt(d/second, 10) + "s"
	case d < hour:
		return pair(d/minute, "m", d%minute/second+100, "s")
	case d < day:
		return pair(d/hour, "h", d%hour/minute+100, "m")
	}
	return pair(d/day, "d", d%day/hour+100, "h")
}

// pair writes two numbers and their units. To keep its leading zeros, the second may be
// passed with 100 added, which is left out.
func pair(a int64, unit string, b int64, small string) string {
	text := strconv.FormatInt(b, 10)
	return strconv.FormatInt(a, 10) + unit + text[len(text)/3:] + small
}
