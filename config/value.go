package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"supervise/internal/guess"
	"supervise/internal/size"
)

// maxDuration keeps sums of many durations far within time.Duration.
const maxDuration = 365 * 24 * time.Hour

// maxPath is the longest path that the kernel accepts: PATH_MAX without its final 0.
const maxPath = 4095

// text reads a string that is not empty and has no NUL byte, which no argument, path or
// environment of a process can have: execve(2).
func (c *checker) text(n *node, takes string, into *string) bool {
	text, ok := n.value.(string)
	if !ok {
		c.wrongType(n, takes, "")
		return false
	}
	if text == "" {
		c.wrong(n, "", "%s is empty", n.label())
		return false
	}
	if !c.noNUL(n, text) {
		return false
	}
	*into = text
	return true
}

func (c *checker) noNUL(n *node, text string) bool {
	if strings.IndexByte(text, 0) >= 0 {
		c.wrong(n, "", "%s has a NUL byte in it", n.label())
		return false
	}
	return true
}

// absolute reads an absolute path. The file need not exist.
func (c *checker) absolute(n *node, into *string) {
	var path string
	if !c.text(n, "a path in quotes", &path) {
		return
	}
	switch {
	case path[0] != '/':
		c.wrong(n, "begin it with /, as it must not depend on where supervise was started", "%s %s is not an absolute path", n.label(), quote(path))
	case len(path) > maxPath:
		c.wrong(n, "", "%s is longer than the %d bytes that a path can have", n.label(), maxPath)
	default:
		*into = path
	}
}

// word reads one of a few words, and returns its index. meant maps words of other programs:
// "yes=enabled no=disabled".
func (c *checker) word(n *node, words []string, meant string) (int, bool) {
	text, ok := n.value.(string)
	if !ok {
		c.wrongType(n, oneOf(words), likeWord(c.raw(n), nil, meant))
		return 0, false
	}
	for i, w := range words {
		if w == text {
			return i, true
		}
	}
	c.wrong(n, likeWord(text, words, meant), "%s must be %s, not %s", n.label(), oneOf(words), quote(text))
	return 0, false
}

// likeWord is a hint at the word that a text is similar to, or means.
func likeWord(text string, words []string, meant string) string {
	near := guess.Word(text, words)
	for _, pair := range strings.Fields(meant) {
		if elsewhere, here, _ := strings.Cut(pair, "="); strings.EqualFold(elsewhere, text) {
			near = here
		}
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", near)
}

// oneOf lists words for a message: "a", "b" or "c".
func oneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// duration reads a duration from 0 to maxDuration.
func (c *checker) duration(n *node, into *time.Duration) bool {
	text, ok := n.value.(string)
	if !ok {
		hint := `write a number with a unit: "500ms", "30s", "5m"`
		switch n.value.(type) {
		case int64, float64:
			hint = fmt.Sprintf(`in seconds that is "%vs"`, n.value)
		}
		c.wrongType(n, "a duration in quotes", hint)
		return false
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && tooLong(text), d > maxDuration:
		c.wrong(n, `the longest is a year, "8760h"`, "%s %s is too long", n.label(), quote(text))
	case err != nil:
		c.wrong(n, durationHint(text), "%s %s is not a duration", n.label(), quote(text))
	case d < 0:
		c.wrong(n, "", "%s %s is negative", n.label(), quote(text))
	default:
		*into = d
		return true
	}
	return false
}

// tooLong reports whether a text is a number too large for time.ParseDuration, rather than no
// duration at all.
func tooLong(text string) bool {
	digits := strings.TrimLeft(strings.TrimLeft(text, "+"), "0123456789.")
	switch digits {
	case "ns", "us", "µs", "μs", "ms", "s", "m", "h":
		whole, _, _ := strings.Cut(text, ".")
		return len(whole) > 6
	}
	return false
}

func durationHint(text string) string {
	end := strings.LastIndexAny(text, "0123456789") + 1
	if amount, err := strconv.ParseFloat(text[:end], 64); err == nil {
		switch strings.ToLower(strings.TrimSpace(text[end:])) {
		case "":
			return "in seconds that is " + quote(text+"s")
		case "sec", "secs", "second", "seconds", "s":
			return "did you mean " + quote(text[:end]+"s") + "?"
		case "min", "mins", "minute", "minutes", "m":
			return "did you mean " + quote(text[:end]+"m") + "?"
		case "hr", "hrs", "hour", "hours", "h":
			return "did you mean " + quote(text[:end]+"h") + "?"
		case "msec", "millis", "millisecond", "milliseconds", "ms":
			return "did you mean " + quote(text[:end]+"ms") + "?"
		case "d", "day", "days":
			return "in hours that is " + quote(strconv.FormatFloat(24*amount, 'f', -1, 64)+"h")
		}
	}
	return `write numbers with the units ns, us, ms, s, m or h: "500ms", "30s", "1h30m"`
}

func (c *checker) boolean(n *node, into *bool) {
	v, ok := n.value.(bool)
	if !ok {
		hint := ""
		switch text, _ := n.value.(string); text {
		case "true", "false":
			hint = "write " + text + " without quotes"
		}
		c.wrongType(n, "true or false", hint)
		return
	}
	*into = v
}

// integer reads a whole number from low to high.
func (c *checker) integer(n *node, low, high int, into *int) {
	v, ok := n.value.(int64)
	switch {
	case !ok:
		hint := ""
		if text, isText := n.value.(string); isText {
			if number, err := strconv.Atoi(text); err == nil {
				hint = fmt.Sprintf("write %d without quotes", number)
			}
		}
		c.wrongType(n, "a whole number", hint)
	case v < int64(low) || v > int64(high):
		c.wrong(n, "", "%s must be from %d to %d, not %d", n.label(), low, high, v)
	default:
		*into = int(v)
	}
}

// number reads a number from low to high, with or without a fraction.
func (c *checker) number(n *node, low, high float64, into *float64) {
	var v float64
	switch value := n.value.(type) {
	case int64:
		v = float64(value)
	case float64:
		v = value
	default:
		hint := ""
		if text, isText := n.value.(string); isText {
			if number, err := strconv.ParseFloat(text, 64); err == nil && number == number {
				hint = "write " + shorten(text) + " without quotes"
			}
		}
		c.wrongType(n, "a number", hint)
		return
	}
	if !(v >= low && v <= high) || math.IsNaN(v) {
		c.wrong(n, "", "%s must be from %v to %v, not %v", n.label(), low, high, v)
		return
	}
	*into = v
}

// size reads a number of bytes that fits in an int64.
func (c *checker) size(n *node, into *int64) {
	var bytes uint64
	switch v := n.value.(type) {
	case int64:
		if v < 0 {
			c.wrong(n, "", "%s %d is negative", n.label(), v)
			return
		}
		bytes = uint64(v)
	case string:
		parsed, err := size.Parse(v)
		if err != nil {
			c.wrongText(n, err)
			return
		}
		bytes = parsed
	default:
		c.wrongType(n, `a size such as "10MB"`, "")
		return
	}
	if bytes > math.MaxInt64 {
		c.wrong(n, "", "%s is too large", n.label())
		return
	}
	*into = int64(bytes)
}

// wrongText reports a text that could not be parsed, with its hint.
func (c *checker) wrongText(n *node, err error) {
	message, hint := err.Error(), ""
	if e, ok := err.(*guess.Error); ok {
		message, hint = e.Message, e.Hint
	}
	c.wrong(n, hint, "%s: %s", n.label(), message)
}

// octal reads permission bits. It accepts octal digits only, and of TOML's integers only
// 0o22: without the 0o it is unclear what 22 means.
func (c *checker) octal(n *node, example string) (uint32, bool) {
	var mask uint64
	switch v := n.value.(type) {
	case int64:
		if v != 0 && !strings.HasPrefix(c.raw(n), "0o") {
			c.wrong(n, fmt.Sprintf("octal digits need quotes: \"%03d\"", max(v, 0)), "%s %d is a decimal number", n.label(), v)
			return 0, false
		}
		mask = uint64(v)
	case string:
		var err error
		digits := strings.TrimPrefix(v, "0o")
		if mask, err = strconv.ParseUint(digits, 8, 64); err != nil || digits == "" || strings.Contains(digits, "_") {
			c.wrong(n, fmt.Sprintf("write three octal digits: %q", example), "%s %s is not an octal number", n.label(), quote(v))
			return 0, false
		}
	default:
		c.wrongType(n, "an octal number in quotes", fmt.Sprintf("write %q", example))
		return 0, false
	}
	if mask > 0o777 {
		c.wrong(n, `the most is "777"`, "%s %o has bits that mean nothing", n.label(), mask)
		return 0, false
	}
	return uint32(mask), true
}

// elements calls read for each element of an array.
func (c *checker) elements(n *node, takes string, read func(*node)) bool {
	if n.kind != array && n.kind != tables {
		hint := ""
		switch raw := c.raw(n); {
		case n.kind == table:
			hint = "put [ ] around it"
		case len(raw) <= maxQuoted && !strings.Contains(raw, "\n"):
			hint = "put [ ] around it: [" + printable(raw) + "]"
		}
		c.wrongType(n, takes, hint)
		return false
	}
	for _, element := range n.children {
		read(element)
	}
	return true
}

// maxQuoted is how much of a user's text a message may contain.
const maxQuoted = 100

// quote keeps a message on one line and readable, whatever is quoted.
func quote(text string) string { return strconv.Quote(shorten(text)) }

// shorten keeps a message readable.
func shorten(text string) string {
	if len(text) <= maxQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuoted], "") + "..."
}
