package escape

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, in, line, lines string }{
		{"plain", "a é ☃ 𝄞 \u00a0 م ש", "", ""},
		{"joiners of words and emoji", "می\u200cخواهم 👨\u200d👩", "", ""},
		{"line end", "web\ndb: up", "web^Jdb: up", "web\ndb: up"},
		{"tab", "a\tb", "a^Ib", "a\tb"},
		{"carriage return", "\rdb", "^Mdb", "^Mdb"},
		{"colour", "\x1b[31mred", "^[[31mred", "^[[31mred"},
		{"window title", "\x1b]0;x\a", "^[]0;x^G", "^[]0;x^G"},
		{"nul, delete", "\x00\x7f", "^@^?", "^@^?"},
		{"C1 in UTF-8", "\u009b1A\u0085", "M-^[1AM-^E", "M-^[1AM-^E"},
		{"C1 in Latin-1", "\x9b1A", "M-^[1A", "M-^[1A"},
		{"not UTF-8", "\xff\xe9\xc3", "M-^?M-iM-C", "M-^?M-iM-C"},
		{"surrogate", "\xed\xa0\x80", "M-mM- M-^@", "M-mM- M-^@"},
		{"override", "\u202egpj.exe", "<U+202E>gpj.exe", "<U+202E>gpj.exe"},
		{"isolate, mark", "\u2066\u200f", "<U+2066><U+200F>", "<U+2066><U+200F>"},
		{"line separator", "a\u2028b", "a<U+2028>b", "a<U+2028>b"},
		{"tags", "\U000e0041", "<U+E0041>", "<U+E0041>"},
		{"replacement", "\ufffd", "", ""},
	} {
		line, lines := c.line, c.lines
		if line == "" {
			line, lines = c.in, c.in
		}
		if got := Line(c.in); got != line {
			t.Errorf("%s: Line says %q, want %q", c.name, got, line)
		}
		if got := Lines(c.in); got != lines {
			t.Errorf("%s: Lines says %q, want %q", c.name, got, lines)
		}
	}
}

// A name cannot be taken for more than one.
func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"bash": "bash", "tmux: server": "tmux: server", "(sd-pam)": `"(sd-pam)"`, "": "",
		"x, uid 0)": `"x, uid 0)"`, `a"b`: `"a\"b"`, "\x1b]0;p\a\nb: up": `"^[]0;p^G^Jb: up"`,
	} {
		if got := Name(in); got != want {
			t.Errorf("%q is named %s, want %s", in, got, want)
		}
	}
}

func TestAppendOutput(t *testing.T) {
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
		{"keyboard, which also ends with m", "\x1b[>4;1m", "^[[>4;1m"},
		{"window title", "\x1b]0;x\a", "^[]0;x^G"},
		{"unfinished", "x\x1b[31", "x^[[31"},
		{"escape at the end", "x\x1b", "x^["},
		{"line end", "x\ny", "x^Jy"},
		{"C1 in UTF-8", "a\u009b1Ab\u0085c", "aM-^[1AbM-^Ec"},
		{"not UTF-8", "a\xffb\xe9", "aM-^?bM-i"},
		{"override in a colour", "\x1b[31m\u202ex", "\x1b[31m<U+202E>x\x1b[0m"},
	} {
		if got := string(AppendOutput(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"plain é ☃ 𝄞", `"plain é ☃ 𝄞"`},
		{`"\`, `"\"\\"`},
		{"\t\r\n\b\f\x00\x1b\x7f", `"\t\r\n\b\f\u0000\u001b\u007f"`},
		{"a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"\xed\xa0\x80", `"\ufffd\ufffd\ufffd"`},
		{"\ufffd", "\"\ufffd\""},
		{"\u009b\u202e\u2028", `"\u009b\u202e\u2028"`},
		{"\U000e0041", `"\udb40\udc41"`},
	} {
		if got := string(AppendJSONString(nil, []byte(c.in))); got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

// fuzz runs a test on hostile text.
func fuzz(f *testing.F, test func(t *testing.T, in string)) {
	f.Add("\x1b]0;pwn\x07\nb: up")
	f.Add("\rdb | x\x1b[31mred\x1b[2J\u009b\x9b\x7f\x00\x1b[>4;1m\x1b[0;")
	f.Add("\u202egpj\u2066\u2028\xff\xed\xa0\x80\xc2\U000e0041\ufeff")
	f.Add("a\"\\\tb\x1bP+q544e\x1b\\\x1b_x\x9c\x1b(0\x0e")
	f.Fuzz(test)
}

// FuzzTerminal shows everything to a terminal.
func FuzzTerminal(f *testing.F) {
	fuzz(f, func(t *testing.T, in string) {
		for what, out := range map[string]string{"Line": Line(in), "Name": Name(in)} {
			if bad := show(out, shown{}); bad != "" {
				t.Errorf("%s(%q) is %q: %s", what, in, out, bad)
			}
			if Line(out) != out {
				t.Errorf("%s(%q) is %q, which is escaped again", what, in, out)
			}
		}
		if out := Lines(in); show(out, shown{tab: true, newline: true}) != "" {
			t.Errorf("Lines(%q) is %q: %s", in, out, show(out, shown{tab: true, newline: true}))
		}
		line := string(AppendOutput([]byte("before"), []byte(in)))
		if bad := show(line, shown{tab: true, rendition: true}); bad != "" || !strings.HasPrefix(line, "before") {
			t.Errorf("the output %q is shown as %q: %s", in, line, bad)
		}
		if bad := show(string(AppendScreen(nil, []byte(in))), shown{tab: true, newline: true, rendition: true}); bad != "" {
			t.Errorf("%q on the screen: %s", in, bad)
		}
		if visible := strings.IndexFunc(in, func(r rune) bool { return !unicode.IsPrint(r) }) < 0; visible && utf8.ValidString(in) && Line(in) != in {
			t.Errorf("%q is plainly visible, and becomes %q", in, Line(in))
		}
	})
}

// FuzzJSON: any text becomes JSON that says the same, and shows nothing else.
func FuzzJSON(f *testing.F) {
	fuzz(f, func(t *testing.T, in string) {
		out := AppendJSONText([]byte("x"), in)[1:]
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q became %s: %v", in, out, err)
		}
		if want := string([]rune(in)); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
		if bad := show(string(out), shown{}); bad != "" {
			t.Errorf("%q became %q: %s", in, out, bad)
		}
		// What another package has written says the same, too.
		written, err := json.Marshal(map[string]any{in: []string{in}})
		if err != nil {
			t.Fatal(err)
		}
		again := AppendJSON(nil, written)
		var before, after any
		if json.Unmarshal(written, &before) != nil || json.Unmarshal(again, &after) != nil {
			t.Fatalf("%s became %s", written, again)
		}
		one, _ := json.Marshal(before)
		other, _ := json.Marshal(after)
		if bad := show(string(again), shown{}); bad != "" || !bytes.Equal(one, other) || !utf8.Valid(again) {
			t.Errorf("%s became %s: %s", written, again, bad)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for b.Loop() {
		_ = Line("restart asked for by pid 812 (bash, uid 0)")
	}
}
