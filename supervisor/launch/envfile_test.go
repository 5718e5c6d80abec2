package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseEnvironment(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"\n  \n# A=1\n", nil},
		{"A=1\nB_2=x y \n", []string{"A=1", "B_2=x y"}},
		{"export A=1\n", []string{"A=1"}},
		{" A = 1\n", []string{"A=1"}},
		{"A=\n", []string{"A="}},
		{"A=b=c\n", []string{"A=b=c"}},
		{"A='$x \\n \"'\n", []string{`A=$x \n "`}},
		{`A="a\nb\\\"\$\` + "`" + `\x"`, []string{"A=a\nb\\\"$`\\x"}},
		{"A=1\nA=2\n", []string{"A=1", "A=2"}},
		{"A=it's\n", []string{"A=it's"}},
	} {
		got, err := parseEnvironment("env", c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestParseEnvironmentErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A", "env:1: not of the form NAME=value"},
		{"\n1A=x\n", "env:2: not of the form NAME=value"},
		{"=x\n", "env:1: not of the form NAME=value"},
		{"A-B=x\n", "env:1: not of the form NAME=value"},
		{"A='x\n", "env:1: no closing quote: 'x"},
		{"A=\"x\\\"\n", `env:1: no closing quote: "x\"`},
		{"A='x' y\n", "env:1: text after the closing quote:  y"},
	} {
		got, err := parseEnvironment("env", c.text)
		if err == nil || err.Error() != c.want || got != nil {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestReadEnvironmentFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxEnvironmentFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                           "is not a regular file of at most 1048576 bytes",
		large:                         "is not a regular file of at most 1048576 bytes",
		filepath.Join(dir, "missing"): "no such file or directory",
	} {
		if _, err := readEnvironmentFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
