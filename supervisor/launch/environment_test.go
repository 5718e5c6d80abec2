package launch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"supervise/config"
)

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
			Environment: map[string]string{"X": "service"}, EnvironmentFile: file, PassEnvironment: []string{"X", "Y"},
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
		{"X=inherited", func() { service.Config.PassEnvironment = nil }},
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

// TestEnvironmentWithheld asks for what is the supervisor's, or its user's, and not its
// services'.
func TestEnvironmentWithheld(t *testing.T) {
	launcher := New([]string{"PATH=/bin", "NOTIFY_SOCKET=/s", "JOURNAL_STREAM=8:1", "HOME=/root", "PWD=/nowhere"}, Rlimit{})
	here := "PWD=" + workingDirectory()
	for name, c := range map[string]struct {
		service Service
		want    []string
	}{
		"the same user":           {Service{Config: &config.Service{}}, []string{"PATH=/bin", "HOME=/root", here}},
		"another user":            {Service{Config: &config.Service{}, Identity: Identity{AnotherUser: true}}, []string{"PATH=/bin", here}},
		"the supervisor's output": {Service{Config: &config.Service{Log: config.Log{Mode: config.Inherit}}}, []string{"PATH=/bin", "JOURNAL_STREAM=8:1", "HOME=/root", here}},
		"a directory":             {Service{Config: &config.Service{Directory: "/usr"}}, []string{"PATH=/bin", "HOME=/root", "PWD=/usr"}},
		"what is passed": {
			Service{Config: &config.Service{PassEnvironment: []string{"NOTIFY_SOCKET", "NONE", "PWD"}}},
			[]string{"NOTIFY_SOCKET=/s", "PWD=/nowhere", "PATH=/bin", "HOME=/root"},
		},
	} {
		if got, err := launcher.environment(&c.service); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// TestEnvironmentWarnings has a file of which a line is left out.
func TestEnvironmentWarnings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("A=1\nsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var warnings []string
	service := Service{Config: &config.Service{EnvironmentFile: file}, Warn: func(text string) { warnings = append(warnings, text) }}
	got, err := New(nil, Rlimit{}).environment(&service)
	want := []string{"environment file " + file + ": line 2: there is no = in it: ignored"}
	if err != nil || !slices.Equal(got, []string{"A=1"}) || !slices.Equal(warnings, want) {
		t.Errorf("%q, %v, %q, want %q", got, err, warnings, want)
	}
}
