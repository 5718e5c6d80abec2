package config

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var splitTests = []struct {
	line    string
	want    []string
	special string
}{
	{"", nil, ""},
	{" \t\n ", nil, ""},
	{"a", []string{"a"}, ""},
	{" nginx  -g\t'daemon off;' ", []string{"nginx", "-g", "daemon off;"}, ""},
	{`a ''`, []string{"a", ""}, ""},
	{`''`, []string{""}, ""},
	{`"" ''""`, []string{"", ""}, ""},
	{`a'b'"c"d`, []string{"abcd"}, ""},
	{`'a "b" \c'`, []string{`a "b" \c`}, ""},
	{`"a 'b' \"c\" \\ \d \` + "`" + `\$x"`, []string{`a 'b' "c" \ \d ` + "`" + `$x`}, ""},
	{`a\ b \'c \"d \\ \e`, []string{"a b", "'c", `"d`, `\`, "e"}, ""},
	{"a\\\nb \"c\\\nd\"", []string{"ab", "cd"}, ""},
	{"a \\\n b", []string{"a", "b"}, ""},
	{"a\nb", []string{"a", "b"}, ""},
	{"--x='ä ö' 日本", []string{"--x=ä ö", "日本"}, ""},
	{"a#b '#c'", []string{"a#b", "#c"}, ""},
	{"echo $HOME", []string{"echo", "$HOME"}, "$HOME"},
	{`echo "x${HOME}" $(date)`, []string{"echo", "x${HOME}", "$(date)"}, "${"},
	{"echo '$HOME' \\$HOME", []string{"echo", "$HOME", "$HOME"}, ""},
	{"echo $ $5 5$", []string{"echo", "$", "$5", "5$"}, ""},
	{"echo `date`", []string{"echo", "`date`"}, "`"},
	{"a | b", []string{"a", "|", "b"}, "|"},
	{"a && b", []string{"a", "&&", "b"}, "&&"},
	{"a; b", []string{"a;", "b"}, "a;"},
	{"a > /dev/null 2>&1", []string{"a", ">", "/dev/null", "2>&1"}, ">"},
	{"a 2>&1", []string{"a", "2>&1"}, "2>&1"},
	{"a '|' \\; \"&\"", []string{"a", "|", ";", "&"}, ""},
	{"curl http://x/?a=1&b=2", []string{"curl", "http://x/?a=1&b=2"}, ""},
}

func TestSplitWords(t *testing.T) {
	for _, test := range splitTests {
		got, special, err := splitWords(test.line)
		if err != nil || !slices.Equal(got, test.want) || special != test.special {
			t.Errorf("splitWords(%q) = %q, %q, %v, want %q, %q", test.line, got, special, err, test.want, test.special)
		}
	}
	for _, line := range []string{"'", `"`, `a 'b`, `"a\"`, `a\`, `\`, `"a'`} {
		if got, _, err := splitWords(line); err == nil {
			t.Errorf("splitWords(%q) = %q, want an error", line, got)
		}
	}
}

// TestSplitWordsAsShell asks sh for the words of each line that has nothing to expand.
func TestSplitWordsAsShell(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh to compare with")
	}
	for _, test := range splitTests {
		if test.special != "" || strings.Contains(test.line, "$5") || strings.Contains(test.line, "?") || len(test.want) == 0 || strings.Contains(test.line, "a\nb") {
			continue
		}
		output, err := exec.Command(shell, "-c", `printf '%s\0' `+test.line).Output()
		if err != nil {
			t.Errorf("sh cannot read %q: %v", test.line, err)
			continue
		}
		if got := strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00"); !slices.Equal(got, test.want) {
			t.Errorf("%q: sh has %q, we have %q", test.line, got, test.want)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	for _, test := range splitTests {
		f.Add(test.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, special, err := splitWords(line)
		if err != nil || special != "" {
			return
		}
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		again, _, err := splitWords(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q has the words %q, and in quotes %q, %v", line, words, again, err)
		}
	})
}
