package json

// Time reads a time as time.Time writes it, RFC 3339, and returns nanoseconds since 1970; the
// year must be from 1970 to 2261. The zero time.Time, which means none, is 0.
func (r *Reader) Time() (ns int64) {
	text := r.String()
	if text == "0001-01-01T00:00:00Z" || r.failed {
		return 0
	}
	c := clock{text: text}
	year, month, day := c.number(4, '-'), c.number(2, '-'), c.number(2, 'T')
	hour, minute, second := c.number(2, ':'), c.number(2, ':'), c.number(2, 0)
	nanoseconds, east := c.fraction(), c.zone()
	if c.failed || c.text != "" || year < 1970 || year > 2261 || month < 1 || month > 12 {
		r.failed = true
		return 0
	}
	return ((days(year, month, day)*24+hour)*60+minute-east)*60e9 + second*1e9 + nanoseconds
}

// clock parses a time from left to right.
type clock struct {
	text   string
	failed bool
}

// number takes some digits, and the byte that must follow them unless that is 0.
func (c *clock) number(digits int, behind byte) (n int64) {
	length := digits
	if behind != 0 {
		length++
	}
	if len(c.text) < length || behind != 0 && c.text[digits] != behind {
		c.failed = true
		return 0
	}
	for _, digit := range []byte(c.text[:digits]) {
		c.failed = c.failed || digit < '0' || digit > '9'
		n = n*10 + int64(digit-'0')
	}
	c.text = c.text[length:]
	return n
}

// fraction takes a fraction of a second, if there is one, and returns nanoseconds.
func (c *clock) fraction() (ns int64) {
	if c.text == "" || c.text[0] != '.' {
		return 0
	}
	at, scale := 1, int64(1e9)
	for ; at < len(c.text) && c.text[at] >= '0' && c.text[at] <= '9' && scale > 1; at++ {
		scale /= 10
		ns += int64(c.text[at]-'0') * scale
	}
	c.text = c.text[at:]
	return ns
}

// zone takes Z or +02:00, and returns minutes east of Greenwich.
func (c *clock) zone() (east int64) {
	if c.text == "" {
		c.failed = true
		return 0
	}
	sign := c.text[0]
	c.text = c.text[1:]
	if sign == 'Z' {
		return 0
	}
	east = c.number(2, ':')*60 + c.number(2, 0)
	c.failed = c.failed || sign != '+' && sign != '-'
	if sign == '-' {
		return -east
	}
	return east
}

// days returns the days from 1970 to a day of the Gregorian calendar. It counts years from
// March, so that the leap day is a year's last.
func days(year, month, day int64) int64 {
	year, month = year-(14-month)/12, (month+9)%12
	return year*365 + year/4 - year/100 + year/400 + (month*153+2)/5 + day - 1 - 719468
}
