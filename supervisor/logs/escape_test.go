package logs

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"plain é ☃ 𝄞", `"plain é ☃ 𝄞"`},
		{`"\`, `"\"\\"`},
		{"\t\r\n\x00\x1b\x7f", `"\t\r\n\u0000\u001b` + "\x7f\""},
		{"a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"\ufffd", "\"\ufffd\""},
	} {
		if got := string(appendJSON(nil, []byte(c.in))); got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte("a\"\\\n\xff\xed\xa0\x80é\u2028\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := appendJSON([]byte("before"), in)[len("before"):]
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %s: %v", in, out, err)
		}
		if want := string([]rune(string(in))); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
		if !utf8.Valid(out) || strings.ContainsAny(string(out), "\n\r") {
			t.Errorf("%q became %q, which is not one line of UTF-8", in, out)
		}
	})
}

func TestAppendVisible(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "a\tb é ☃ 𝄞 \u00a0", "a\tb é ☃ 𝄞 \u00a0"},
		{"crlf", "line\r", "line"},
		{"spoof by carriage return", "\rdb | I am the database", "^Mdb | I am the database"},
		{"backspace", "a\b\bb", "a^H^Hb"},
		{"colour", "\x1b[1;31mred\x1b[m", "\x1b[1;31mred\x1b[m\x1b[0m"},
		{"colours with colons", "\x1b[38:2::1:2:3mx", "\x1b[38:2::1:2:3mx\x1b[0m"},
		{"cursor up", "\x1b[1Ax", "^[[1Ax"},
		{"cursor to column 1", "\x1b[Gx", "^[[Gx"},
		{"private mode", "\x1b[?1049h", "^[[?1049h"},
		{"window title", "\x1b]0;x\a", "^[]0;x^G"},
		{"unfinished", "x\x1b[31", "x^[[31"},
		{"escape at the end", "x\x1b", "x^["},
		{"nul, delete", "\x00\x7f", "^@^?"},
		{"vertical tab, form feed", "a\vb\fc", "a^Kb^Lc"},
		{"C1 in UTF-8", "a\u009b1Ab\u0085c", "aM-^[1AbM-^Ec"},
		{"C1 in Latin-1", "a\x9b1Ab", "aM-^[1Ab"},
		{"not UTF-8", "a\xffb\xe9", "a\xffb\xe9"},
	} {
		if got := string(appendVisible(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// FuzzVisible: nothing is left in a line that could move the cursor other than forward,
// and text without control characters is untouched.
func FuzzVisible(f *testing.F) {
	f.Add([]byte("\rdb | x\x1b[31mred\x1b[2J\u009b\x9b\x7f\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got := string(appendVisible([]byte("before"), in))[len("before"):]
		rest := got
		for i := strings.IndexByte(rest, esc); i >= 0; i = strings.IndexByte(rest, esc) {
			n := rendition([]byte(rest[i:]))
			if n == 0 {
				t.Fatalf("%q became %q, with an escape sequence", in, got)
			}
			rest = rest[:i] + "." + rest[i+n:]
		}
		for _, r := range rest {
			if r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 {
				t.Errorf("%q became %q, with %U", in, got, r)
			}
		}
		clean := strings.IndexFunc(string(in), func(r rune) bool {
			return r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError
		}) < 0
		if clean && got != string(in) {
			t.Errorf("%q became %q", in, got)
		}
	})
}
