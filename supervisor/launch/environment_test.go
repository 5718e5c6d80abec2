package launch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"supervise/config"
)

// TestBelow puts environments together: the first entry of a name counts.
func TestBelow(t *testing.T) {
	inherited := newInheritance([]string{"PATH=/bin", "HOME=/root", "PATH=/second", "EMPTY=", "odd"})
	for _, c := range []struct{ own, want []string }{
		{nil, []string{"PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"A=1", "A=2"}, []string{"A=1", "PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"HOME=/home", "PATH="}, []string{"HOME=/home", "PATH=", "EMPTY=", "odd"}},
		{[]string{"PATHS=1", "PAT=2"}, []string{"PATHS=1", "PAT=2", "PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"odd=1", "EMPTY=full"}, []string{"odd=1", "EMPTY=full", "PATH=/bin", "HOME=/root"}},
	} {
		if got := inherited.below(c.own); !slices.Equal(got, c.want) {
			t.Errorf("below(%q) = %q, want %q", c.own, got, c.want)
		}
	}
}

// TestEnvironment asks for one variable of each source, and leaves the sources out one by
// one: what comes next counts.
func TestEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("X=first of the file\nX=file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	launcher := New([]string{"X=inherited"}, Rlimit{})
	service := Service{
		Config: &config.Service{
			Environment: map[string]string{"X": "service"}, EnvironmentFile: file,
		},
		Identity: Identity{Environment: []string{"X=user"}},
		Marks:    []string{"X=mark"},
	}
	for _, c := range []struct {
		want  string
		leave func()
	}{
		{"X=mark", func() { service.Marks = nil }},
		{"X=service", func() { service.Config.Environment = nil }},
		{"X=file", func() { service.Config.EnvironmentFile = "" }},
		{"X=user", func() { service.Identity = Identity{} }},
		{"X=inherited", func() {}},
	} {
		if got, err := launcher.environment(&service); err != nil || !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
		c.leave()
	}
}

func TestEnvironmentFileMissing(t *testing.T) {
	service := Service{Config: &config.Service{EnvironmentFile: "/nonexistent/env"}}
	_, err := New(nil, Rlimit{}).environment(&service)
	if err == nil || err.Error() != "cannot read the environment file /nonexistent/env: open /nonexistent: no such file or directory" {
		t.Error(err)
	}
}
