package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const sourceText = `[signals]
usr1 = { run = ["/bin/hook"] }

[service.web]
command = ["web", "-v"]
log.file = "/var/log/web"
[service."a.b"]
command = "db"
user = "wwwdata"
`

// TestLocate finds the places of keys, and of the innermost table where a key is not there.
func TestLocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services.toml")
	if err := os.WriteFile(path, []byte(sourceText), 0o600); err != nil {
		t.Fatal(err)
	}
	_, source, err := LoadSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key          []string
		line, column int
		path, caret  string
	}{
		{[]string{"signals", "SIGUSR1", "run"}, 2, 17, "signals.usr1.run", `                ^^^^^^^^^^^`},
		{[]string{"service", "web", "command"}, 5, 12, "service.web.command", `           ^^^^^`},
		{[]string{"service", "web", "log", "file"}, 6, 12, "service.web.log.file", `           ^^^^^^^^^^^^^^`},
		{[]string{"service", "web", "directory"}, 4, 10, "service.web", `         ^^^`},
		{[]string{"service", "a.b", "user"}, 9, 8, `service."a.b".user`, `       ^^^^^^^^^`},
		{[]string{"service", "none", "user"}, 4, 2, "service", ` ^^^^^^^`},
	} {
		got := source.Locate([]Remark{{Key: c.key, Message: "m", Hint: "h"}})
		if len(got) != 1 {
			t.Fatalf("%v: %d problems", c.key, len(got))
		}
		if p := got[0]; p.Line != c.line || p.Column != c.column || p.Path != c.path || p.Caret != c.caret || p.Message != "m" || p.Hint != "h" {
			t.Errorf("%v: %+v", c.key, p)
		}
	}
	if got := source.Locate([]Remark{{Key: []string{"service", "a.b", "user"}}, {Key: []string{"service", "web", "command"}}}); got[0].Line != 5 || got[1].Line != 9 {
		t.Errorf("not in the order of lines: %+v", got)
	}
}

// TestLoadSourceUnknown has a file that is valid but for what the host lacks, and one that is
// not.
func TestLoadSourceUnknown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services.toml")
	for _, c := range []struct {
		text string
		file bool
	}{{sourceText, true}, {sourceText + "comand = 1\n", false}} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, source, err := LoadSource(path, fakeHost{})
		var invalid *Error
		if !errors.As(err, &invalid) || (file != nil) != c.file || (source != nil) != c.file {
			t.Errorf("%v, %v, %v", file, source, err)
		}
		if got, err := Load(path, fakeHost{}); got != nil || err == nil {
			t.Errorf("Load: %v, %v", got, err)
		}
	}
}
