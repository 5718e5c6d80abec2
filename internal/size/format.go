package size

import "strconv"

// Format writes a number of bytes for people: "999 B", "18 KB", "1.5 GB". Units are powers of
// 1000, and at least two digits of it are right. It is not for [Parse], which is exact.
func Format(bytes int64) string {
	if bytes < 0 {
		return "-" + Format(-max(bytes, -1<<62))
	}
	if bytes < 1000 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	value, unit := float64(bytes)/1000, 0
	const names = "KMGTPE"
	for value >= 999.5 {
		value /= 1000
		unit++
	}
	digits := 0
	if value < 9.95 {
		digits = 1
	}
	text := strconv.FormatFloat(value, 'f', digits, 64)
	if digits == 1 && text[len(text)-2:] == ".0" {
		text = text[:len(text)-2]
	}
	return text + " " + names[unit:unit+1] + "B"
}
