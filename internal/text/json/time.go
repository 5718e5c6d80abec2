package json

// noTime is the zero time.Time.
const noTime = "0001-01-01T00:00:00Z"

// Time reads a point in time as time.Time writes it, RFC 3339, in nanoseconds since 1970;
// years from 1970 to 2261. The zero time.Time, which means none, is 0.
func (r *Reader) Time() (ns int64) {
	text := r.String()
	if text == noTime || r.failed {
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

// clock takes a text apart from the left.
type clock struct {
	text   string
	failed bool
}

// number takes so many digits, and what must stand behind them unless that is 0.
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

// fraction takes a fraction of a second, if there is one, in nanoseconds.
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

// zone takes Z or +02:00, in minutes east of Greenwich.
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

// days are those from 1970 to a day of the Gregorian calendar. A year begins in March here,
// so that the leap day is its last.
func days(year, month, day int64) int64 {
	year, month = year-(14-month)/12, (month+9)%12
	return year*365 + year/4 - year/100 + year/400 + (month*153+2)/5 + day - 1 - 719468
}

// date is the day of the Gregorian calendar that comes so many days after the first of
// 1970: the reverse of [days].
func date(since int64) (year, month, day int64) {
	since += 719468                          // since the first of March of the year 0
	era, since := since/146097, since%146097 // of 400 years
	of := (since - since/1460 + since/36524 - since/146096) / 365
	since -= of*365 + of/4 - of/100 // since the first of March
	month = (since*5 + 2) / 153     // 0 is March
	year, day = era*400+of+(month+2)/12, since-(month*153+2)/5+1
	return year, (month+2)%12 + 1, day
}
