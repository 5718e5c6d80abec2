package guess

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	keys := []string{"command", "directory", "environment", "environment-file", "user", "group", "umask", "max-delay"}
	for _, test := range []struct{ word, want string }{
		{"comand", "command"},
		{"commnad", "command"},
		{"command", "command"},
		{"COMMAND", "command"},
		{"max_delay", "max-delay"},
		{"maxdelay", "max-delay"},
		{"environment_file", "environment-file"},
		{"enviroment", "environment"},
		{"environ", "environment"},
		{"dir", "directory"},
		{"usr", "user"},
		{"grp", ""},
		{"x", ""},
		{"us", ""},
		{"nothing-like-it", ""},
		{"", ""},
		{strings.Repeat("command", 1000), ""},
	} {
		if got := Word(test.word, keys); got != test.want {
			t.Errorf("Word(%.20q) = %q, want %q", test.word, got, test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "acb", 1},
		{"abc", "xabc", 1},
		{"abcd", "acbd", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
