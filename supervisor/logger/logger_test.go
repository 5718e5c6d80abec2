package logger

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

// TestLogIsShown logs what a terminal would obey, at every place of a line.
func TestLogIsShown(t *testing.T) {
	for _, hostile := range []string{"\x1b]0;x\a", "\nweb up", "\u009b2J", "\x9b2J", "\u202ex", "\u2028", "\r", "\U000e0041"} {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			log := New(&out, Options{JSON: asJSON, Level: zerolog.DebugLevel})
			log.Error().Str(Service, hostile).Err(errors.New(hostile)).Str("comm", hostile).Strs("output", []string{hostile}).Msg("came")
			text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
			if !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool {
				return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
			}) {
				t.Errorf("%q is logged as %q", hostile, text)
			}
			if asJSON && !json.Valid(text) {
				t.Errorf("%q is logged as %q, which is no JSON", hostile, text)
			}
		}
	}
}
