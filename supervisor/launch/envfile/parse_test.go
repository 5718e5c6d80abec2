package envfile

import (
	"slices"
	"strings"
	"testing"
)

// TestParse goes through what systemd.exec(5) says of EnvironmentFile=, and through what
// systemd does that it does not say there.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"empty lines", "\n  \n\t\n", nil},
		{"comments", "# A=1\n; B=2\n  # C=3\n\t;D=4\n", nil},
		{"no comment ends with a backslash that joins lines", "# note \\\nA=1\n;\\\\\nB=2\n", []string{"A=1", "B=2"}},
		{"plain", "A=1\nB_2=x y \n", []string{"A=1", "B_2=x y"}},
		{"no newline at the end", "A=1", []string{"A=1"}},
		{"blanks around the name and the value", " \tA\t = \t1\t \n", []string{"A=1"}},
		{"empty values", "A=\nB=''\nC=\"\"\nD=  \nE=", []string{"A=", "B=", "C=", "D=", "E="}},
		{"the first = counts", "A=b=c\nB==\n", []string{"A=b=c", "B=="}},
		{"several of a name", "A=1\nA=2\n", []string{"A=1", "A=2"}},
		{"no comment behind a value without quotes", "A=x # y\nB=#\nC=x;y\n", []string{"A=x # y", "B=#", "C=x;y"}},

		{"single quotes", `A='$x \n "'`, []string{`A=$x \n "`}},
		{"a backslash is one in single quotes", `A='x\'` + "\nB=1\n", []string{`A=x\`, "B=1"}},
		{"several lines in single quotes", "A='one\n # two\\\nthree'\n", []string{"A=one\n # two\\\nthree"}},
		{"double quotes", `A="say \"hi\" \\ \$x ` + "\\`ls\\`" + `"`, []string{`A=say "hi" \ $x ` + "`ls`"}},
		{"other backslashes stay in double quotes", `A="a\nb\tc\'d\x"`, []string{`A=a\nb\tc\'d\x`}},
		{"several lines in double quotes", "A=\"one\ntwo\"\nB=1\n", []string{"A=one\ntwo", "B=1"}},
		{"joined lines in double quotes", "A=\"one \\\ntwo\"\n", []string{"A=one two"}},
		{"blanks stay in quotes", "A=' x '\nB=\"\tx\t\"\n", []string{"A= x ", "B=\tx\t"}},
		{"quotes one behind the other", `A="a" 'b'"c"` + "\n", []string{"A=abc"}},
		{"text behind quotes", `A="a"b` + "\n" + `B='a' b c ` + "\n", []string{"A=ab", "B=ab c"}},
		{"quotes within text", `A=it's "so"` + "\n", []string{`A=it's "so"`}},
		{"a value that is a quoted JSON text", `A='{"a": "b c", "d": []}'`, []string{`A={"a": "b c", "d": []}`}},

		{"a backslash in text", `A=a\b\\c\"d\ ` + "\n", []string{`A=ab\c"d `}},
		{"a blank behind an escaped one", `A=x\  ` + "\n", []string{`A=x `}},
		{"joined lines in text", "A=one\\\ntwo \\\n  three\nB=1\n", []string{"A=onetwo   three", "B=1"}},
		{"joined with nothing", "A=x  \\\n   \nB=1\n", []string{"A=x  ", "B=1"}},
		{"joined to the end of the file", "A=x\\\n", []string{"A=x"}},
		{"a backslash ends the file", `A=x\`, []string{"A=x"}},
		{"a backslash first", "A=\\\n  x\nB=\\'x'\n", []string{"A=  x", "B='x'"}},
		{"nothing is expanded", "A=$B ${B} `b` $(b) ~ %h\n", []string{"A=$B ${B} `b` $(b) ~ %h"}},
		{"beyond ASCII", "A=grün\nB='“x”'\n", []string{"A=grün", "B=“x”"}},
		{"tabs and newlines in quotes", "A=\"a\tb\nc\"\n", []string{"A=a\tb\nc"}},
	} {
		got, err := Parse(c.text)
		if err != nil || len(got.Notes) > 0 || !slices.Equal(got.Entries, c.want) {
			t.Errorf("%s: %q: %q %v, %v, want %q", c.what, c.text, got.Entries, got.Notes, err, c.want)
		}
	}
}

// TestParseBeyond goes through what systemd leaves out, or gives a value that nobody means.
func TestParseBeyond(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"a byte order mark", "\ufeffA=1\n", []string{"A=1"}},
		{"a byte order mark before a comment", "\ufeff# x\nA=1\n", []string{"A=1"}},
		{"nothing but a byte order mark", "\ufeff", nil},
		{"lines of Windows", "A=1\r\n\r\n# x\r\nB=\"2\"\r\nC='a\r\nb'\r\n", []string{"A=1", "B=2", "C=a\nb"}},
		{"joined lines of Windows", "A=1\\\r\n2\r\nB=\"3\\\r\n4\"\r\n", []string{"A=12", "B=34"}},
		{"carriage returns alone", "A=1\rB=2\r", []string{"A=1", "B=2"}},
		{"export", "export A=1\n export\tB='2'\nexport  C=3\n", []string{"A=1", "B=2", "C=3"}},
		{"a variable that is called export", "export=1\nexported=2\nexport =3\n", []string{"export=1", "exported=2", "export=3"}},
		{"names of other kinds", "spring.url=jdbc:x\na-b=1\n1A=2\nx/y:z=3\nnaïve=4\n", []string{"spring.url=jdbc:x", "a-b=1", "1A=2", "x/y:z=3", "naïve=4"}},
		{"a comment behind quotes", "A=\"tok en\" # note\nB='x'\t#y \"z\n", []string{"A=tok en", "B=x"}},
		{"a comment behind several quotes", "A=\"a\"'b' # \\\nB=1\n", []string{"A=ab", "B=1"}},
		{"no comment without a blank", "A=\"x\"#y\n", []string{"A=x#y"}},
		{"no comment behind text", "A=\"x\"y # z\n", []string{"A=xy # z"}},
		{"no comment without quotes", "A= # y\n", []string{"A=# y"}},
	} {
		got, err := Parse(c.text)
		if err != nil || len(got.Notes) > 0 || !slices.Equal(got.Entries, c.want) {
			t.Errorf("%s: %q: %q %v, %v, want %q", c.what, c.text, got.Entries, got.Notes, err, c.want)
		}
	}
}

// TestParseNotes has something that is left out in each file. No note tells a value.
func TestParseNotes(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		note string
	}{
		{"A=1\nSECRET\nB=2\n", []string{"A=1", "B=2"}, "line 2: there is no = in it: ignored"},
		{"A=1\nSECRET", []string{"A=1"}, "line 2: there is no = in it: ignored"},
		{"A='1\n2'\n\n=SECRET\n", []string{"A=1\n2"}, "line 4: there is no = in it: ignored"},
		{"=A=SECRET\n", nil, `line 1: "=A" is no name for a variable: ignored`},
		{"A B=SECRET\nC=1\n", []string{"C=1"}, `line 1: "A B" is no name for a variable: ignored`},
		{"export =A=1\nexport A B=1", []string{"export=A=1"}, `line 2: "A B" is no name for a variable: ignored`},
		{"A\x1b[2J=SECRET\n", nil, `line 1: "A\x1b[2J" is no name for a variable: ignored`},
		{"A=SECRET\x1b[0m\n", nil, "line 1: the value of A has a control character in it: ignored"},
		{"A=\"SECRET\x7f\"", nil, "line 1: the value of A has a control character in it: ignored"},
		{"B=1\nA='x\nC=2\n", []string{"B=1", "A=x\nC=2\n"}, "line 2: a quote is not closed: the value goes on to the end of the file"},
		{`A="x\`, []string{"A=x"}, "line 1: a quote is not closed: the value goes on to the end of the file"},
	} {
		got, err := Parse(c.text)
		if err != nil || !slices.Equal(got.Entries, c.want) || len(got.Notes) != 1 || got.Notes[0].String() != c.note {
			t.Errorf("%q: %q %v, %v, want %q and %q", c.text, got.Entries, got.Notes, err, c.want, c.note)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A=1\x00\n", "there is a zero byte in it"},
		{"\xff\xfeA\x00=\x001\x00", "it is UTF-16: save it as UTF-8"},
		{"\xfe\xff\x00A\x00=\x001", "it is UTF-16: save it as UTF-8"},
		{"B=1\nA=M\xfcller\n", "line 2: it is not UTF-8"},
		{"\xfc=1\n", "line 1: it is not UTF-8"},
	} {
		got, err := Parse(c.text)
		if err == nil || err.Error() != c.want || got.Entries != nil || got.Notes != nil {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// FuzzParse looks for texts of which the variables could not be a process's, or that are
// not taken line by line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"A=1\n", "A='x' # y", "A=\"\\\n\"", "\ufeffexport a.b=\\\r\n", "# x\\\n;=\n", "A\n=\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse(text)
		if err != nil {
			return
		}
		lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r")
		for _, note := range file.Notes {
			if note.Line < 1 || note.Line > lines {
				t.Errorf("%v in a text of %d lines", note, lines)
			}
		}
		for _, entry := range file.Entries {
			name, value, _ := strings.Cut(entry, "=")
			if !isName(name) || strings.ContainsRune(value, 0) || len(entry) > len(text) {
				t.Errorf("an entry %q", entry)
			}
		}
		again, err := Parse("\n" + strings.TrimPrefix(text, byteOrderMark) + "\n")
		if err == nil && len(file.Notes) == 0 && !slices.Equal(again.Entries, file.Entries) {
			t.Errorf("%q, and with a line before it %q", file.Entries, again.Entries)
		}
	})
}
