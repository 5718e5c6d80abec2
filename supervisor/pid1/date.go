package pid1

import "syscall"

// appendTime appends the time as RFC 3339 in UTC, with milliseconds.
func appendTime(b []byte) []byte {
	var now syscall.Timeval
	if syscall.Gettimeofday(&now) != nil {
		return append(b, "1970-01-01T00:00:00Z"...)
	}
	seconds := int64(now.Sec)
	year, month, day := civil(seconds / 86400)
	b = digits(b, year, 4)
	b = digits(append(b, '-'), month, 2)
	b = digits(append(b, '-'), day, 2)
	seconds %= 86400
	b = digits(append(b, 'T'), int(seconds/3600), 2)
	b = digits(append(b, ':'), int(seconds/60%60), 2)
	b = digits(append(b, ':'), int(seconds%60), 2)
	b = digits(append(b, '.'), int(now.Usec)/1000, 3)
	return append(b, 'Z')
}

func digits(b []byte, n, width int) []byte {
	for div := pow10(width - 1); div > 0; div /= 10 {
		b = append(b, byte('0'+n/div%10))
	}
	return b
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// civil returns the date of the Gregorian calendar that is some days after 1 January 1970. It
// counts years from March, so that the leap day is a year's last.
func civil(days int64) (year, month, day int) {
	days += 719468 // from 1 March of the year 0
	era := days / 146097
	ofEra := days % 146097
	y := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*y + y/4 - y/100)
	m := (5*ofYear + 2) / 153
	day = int(ofYear-(153*m+2)/5) + 1
	month = int(m) + 3
	if month > 12 {
		month -= 12
		y++
	}
	return int(y + era*400), month, day
}
