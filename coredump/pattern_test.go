package coredump

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, test := range []struct {
		text string
		kind Kind
		want string // of describe
	}{
		{"", File, ""},
		{"core", File, "core"},
		{"/var/cores/%e.%p", File, "/var/cores/<e>.<p>"},
		{"%", File, "<>"},
		{"100%%.%p%", File, "100%.<p><>"},
		{"%%p", File, "%p"},
		{"a b\tc", File, "a b\tc"},
		{"%z%p", File, "<z><p>"},
		{"%\xff", File, "<\xff>"},
		{" |/bin/x", File, " |/bin/x"},

		{"|/usr/lib/collect pid=%P fd=%F", Pipe, "/usr/lib/collect;pid=<P>;fd=<F>"},
		{"|  /bin/x \t a\xa0b ", Pipe, "/bin/x;a;b"},
		{"|/bin/x %z a", Pipe, "/bin/x;<z>;a"},
		{"|%z%q /bin/x", Pipe, "/bin/x"},
		{"|/bin/a% b %", Pipe, "/bin/a< >b;<>"},
		{"|%", Pipe, ""},
		{"|", Pipe, ""},
		{"| ", Pipe, ""},
		{"|%%x", Pipe, "%x"},

		{"@/run/core.socket", Socket, "/run/core.socket"},
		{"@@/run/core.socket", RequestSocket, "/run/core.socket"},
		{"@/run/%p", Socket, "/run/%p"},
		{"@/run/a b", Socket, "/run/a b"},
	} {
		got, err := ParsePattern(test.text)
		if err != nil || got.Kind != test.kind || describe(got) != test.want || got.String() != test.text {
			t.Errorf("ParsePattern(%q) = %v %q, %v, want %v %q", test.text, got.Kind, describe(got), err, test.kind, test.want)
		}
	}
}

// describe writes specifiers between angle brackets, and a semicolon between words.
func describe(p Pattern) string {
	words := make([]string, len(p.Words))
	for i, word := range p.Words {
		for _, part := range word {
			if part.IsText {
				words[i] += part.Text
			} else {
				words[i] += "<" + strings.Trim(string([]byte{byte(part.Specifier)}), "\x00") + ">"
			}
		}
	}
	return strings.Join(words, ";")
}

func TestParsePatternErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"core\n", "has a line break"},
		{"a\x00b", "has a line break or a zero byte"},
		{strings.Repeat("x", 128), "longer than 127 bytes"},
		{"@", "must be absolute"},
		{"@@", "must be absolute"},
		{"@@@/run/x", "must be absolute"},
		{"@run/x", "must be absolute"},
		{"@/run/../x", "must not go through .."},
		{"@@/run/..", "must not go through .."},
		{"@/" + strings.Repeat("x", 107), "shorter than 108 bytes"},
	} {
		_, err := ParsePattern(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParsePattern(%q): %v, want %q", test.text, err, test.want)
		}
		checkError(t, err)
	}
	for _, text := range []string{strings.Repeat("x", 127), "@/" + strings.Repeat("x", 106), "@/run/..x"} {
		if _, err := ParsePattern(text); err != nil {
			t.Errorf("ParsePattern(%q): %v", text, err)
		}
	}
}

func TestPatternProblem(t *testing.T) {
	for _, test := range []struct {
		text    string
		usesPID bool
		want    string
	}{
		{"core", false, ""},
		{"", true, ""},
		{"", false, "empty"},
		{"%", false, "empty"},
		{"%z", false, "empty"},
		{"%p", false, ""},
		{"|", false, "no program"},
		{"|%z", true, "no program"},
		{"|x", false, ""},
		{"@/a b", false, "spaces"},
		{"@@/a", false, ""},
	} {
		got := parsed(t, test.text).Problem(test.usesPID)
		if !strings.Contains(got, test.want) || got != "" && test.want == "" {
			t.Errorf("%q, core_uses_pid %v: %q, want %q", test.text, test.usesPID, got, test.want)
		}
	}
}

func parsed(t *testing.T, text string) Pattern {
	t.Helper()
	p, err := ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// web is a crash of which everything is known.
var web = Facts{
	PID: "12", InitialPID: "912", TID: "13", InitialTID: "913", UID: "33", GID: "34", Dumpable: "1", Signal: "11",
	Time: "1700000000", Host: "host", Name: "web/1", Executable: "/usr/bin/web server", CoreLimit: "4096", CPU: "0",
}

func TestExpand(t *testing.T) {
	for _, test := range []struct {
		text    string
		usesPID bool
		want    string // words, separated by semicolons
	}{
		{"core", false, "core"},
		{"core", true, "core.12"},
		{"core.%p", true, "core.12"},
		{"core.%P", true, "core.912.12"},
		{"core.%%p%", true, "core.%p.12"},
		{"", true, ".12"},
		{"%p %P %i %I %u %g %d %s %t %h %c %C", false, "12 912 13 913 33 34 1 11 1700000000 host 4096 0"},
		{"/c/%e/%f/%E", false, "/c/web!1/web server/!usr!bin!web server"},
		{"[%F%z]", false, "[]"},
		{"|/bin/x %F %f %z %e%s", true, "/bin/x;3;web server;;web!111"},
		{"@/run/%p", true, "/run/%p"},
	} {
		got, err := parsed(t, test.text).Expand(web, test.usesPID)
		if err != nil || strings.Join(got, ";") != test.want {
			t.Errorf("%q: %q, %v, want %q", test.text, got, err, test.want)
		}
	}
	if got, err := parsed(t, "%p.%t.%t.%s").Expand(Facts{PID: "1"}, false); err == nil || !strings.Contains(err.Error(), "without %t, %s") {
		t.Errorf("expanded without facts to %q, %v", got, err)
	}
}

func TestSanitize(t *testing.T) {
	for name, want := range map[string]string{"": "!", ".": "!", "..": "!.", "...": "...", "a/../b": "a!..!b", "/": "!", "web": "web"} {
		if got := Sanitize(name); got != want {
			t.Errorf("Sanitize(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestGlob(t *testing.T) {
	known := Facts{PID: "12", Name: "a[b*"}
	for _, test := range []struct{ text, want, matches, not string }{
		{"/c/%e.%p.%t", `/c/a\[b\*.12.[0-9]*`, "/c/a[b*.12.99", "/c/a[bx.12.99"},
		{"core", "core.12", "core.12", "core.13"},
		{"%h-%f*%z", `*-*\*.12`, "me-you*.12", "me-you.12"},
	} {
		got := parsed(t, test.text).Glob(known, true)
		yes, err1 := path.Match(got, test.matches)
		no, err2 := path.Match(got, test.not)
		if got != test.want || !yes || no || err1 != nil || err2 != nil {
			t.Errorf("%q: %q, %v %v %v %v, want %q", test.text, got, yes, no, err1, err2, test.want)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	seeds, err := os.ReadFile("testdata/patterns")
	if err != nil {
		f.Fatal(err)
	}
	for seed := range strings.Lines(string(seeds)) {
		f.Add(strings.TrimSuffix(seed, "\n"), "name/..", true)
	}
	f.Fuzz(func(t *testing.T, text, name string, usesPID bool) {
		p, err := ParsePattern(text)
		checkError(t, err)
		if err != nil {
			return
		}
		facts := Facts{Name: name, Host: name, Executable: name}
		for _, s := range p.Specifiers() {
			if strings.IndexByte(numeric, byte(s)) >= 0 {
				facts[s] = "7"
			}
		}
		facts[PID] = "7"
		words, err := p.Expand(facts, usesPID)
		if p.String() != text || err != nil || p.Kind != Pipe && len(words) > 1 {
			t.Fatalf("%q: %q, %q, %v", text, p, words, err)
		}
		checkExpanded(t, p, words, facts, usesPID)
	})
}

// checkExpanded asks that no value adds a directory or climbs out of one, and that globs match.
func checkExpanded(t *testing.T, p Pattern, words []string, facts Facts, usesPID bool) {
	t.Helper()
	empty := maps(facts, "x")
	plain, err := p.Expand(empty, usesPID)
	if err != nil || len(plain) != len(words) {
		t.Fatalf("%q: %d words or %d, %v", p, len(words), len(plain), err)
	}
	for i, word := range words {
		elements, before := strings.Split(word, "/"), strings.Split(plain[i], "/")
		if len(elements) != len(before) {
			t.Errorf("%q: %q has other elements than %q", p, word, plain[i])
		}
		for k, e := range elements {
			if (e == "" || e == "." || e == "..") && before[k] != e {
				t.Errorf("%q: %q has the element %q", p, word, e)
			}
		}
	}
	if p.Kind != File {
		return
	}
	for _, known := range []Facts{facts, nil} {
		glob := p.Glob(known, usesPID)
		if ok, err := path.Match(glob, strings.Join(words, "")); err != nil || !ok {
			t.Errorf("%q: %q does not match %q: %v", p, glob, words, err)
		}
	}
}

// maps returns the facts with another text for names.
func maps(facts Facts, text string) Facts {
	others := Facts{}
	for s, value := range facts {
		if slices.Contains([]Specifier{Name, Host, Executable}, s) {
			value = text
		}
		others[s] = value
	}
	return others
}
