package escape

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// shown is what a text may have a terminal do beside showing characters.
type shown struct{ tab, newline, rendition bool }

// show has a terminal read a text, and returns what it would do that it must not, "" if there
// is nothing. It goes by the state machine of DEC's terminals as far as it takes to know
// where a control sequence ends (vt100.net/emu/dec_ansi_parser), and by Unicode's own tables:
// nothing is taken from what is tested.
func show(text string, may shown) string {
	const (
		ground = iota
		escaped
		parameters
	)
	state, private := ground, false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("byte %d, %#x, is not UTF-8", i, text[i])
		}
		switch {
		case state == escaped && r == '[' && may.rendition:
			state, private = parameters, false
		case state == escaped:
			return fmt.Sprintf("ESC %q at byte %d", r, i)
		case state == parameters && (r >= '0' && r <= ';'):
		case state == parameters && r >= '<' && r <= '?':
			private = true
		case state == parameters && r == 'm' && !private:
			state = ground
		case state == parameters:
			return fmt.Sprintf("CSI ... %q at byte %d", r, i)
		case r == 0x1b:
			state = escaped
		case r == '\t' && may.tab, r == '\n' && may.newline:
		case unicode.IsControl(r):
			return fmt.Sprintf("control %#U at byte %d", r, i)
		case unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return fmt.Sprintf("%U at byte %d", r, i)
		}
		i += size
	}
	if state != ground {
		return "the end is in the middle of a control sequence"
	}
	return ""
}
