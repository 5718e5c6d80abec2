package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLoad(t *testing.T) {
	directory := t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	write := func(name, text string) string {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return in(name)
	}
	good := write("good.toml", "[service.a]\ncommand = 'a'\n")
	file, err := Load(good, nil)
	if err != nil || file.Path != good || len(file.Services) != 1 {
		t.Errorf("Load(good) = %+v, %v", file, err)
	}
	if err := os.Symlink("good.toml", in("link.toml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(in("link.toml"), nil); err != nil {
		t.Errorf("a link to a file: %v", err)
	}
	var e *Error
	if _, err := Load(write("bad.toml", "x = 1"), nil); !errors.As(err, &e) || e.File != in("bad.toml") {
		t.Errorf("Load(bad) = %v", err)
	}
	largest := "[service.a]\ncommand = 'a'\n"
	largest += "#" + strings.Repeat("x", MaxFileSize-len(largest)-1)
	if _, err := Load(write("largest.toml", largest), nil); err != nil {
		t.Errorf("a file of %d bytes: %v", len(largest), err)
	}
	if _, err := Load(write("larger.toml", largest+"x"), nil); err == nil || !strings.HasSuffix(err.Error(), "it is larger than 4 MiB") {
		t.Errorf("a file of %d bytes: %v", len(largest)+1, err)
	}
	if _, err := Parse("x", []byte(largest+"x"), nil); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("%d bytes: %v", len(largest)+1, err)
	}
}

func TestEstimate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "services.toml")
	for text, want := range map[string]int{
		"": 0,
		"[supervisor]\n[service.a]\ncommand = 'a'\n[service.a.log]\n[service.b]\n[[service.c]]": 2,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Estimate(file); got != want {
			t.Errorf("Estimate of %q is %d, want %d", text, got, want)
		}
	}
	if got := Estimate("/nonexistent"); got != 0 {
		t.Errorf("Estimate of nothing is %d", got)
	}
}

func TestLoadNoFile(t *testing.T) {
	directory := t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, test := range []struct{ path, want string }{
		{in("missing"), "no such file or directory"},
		{"", "no such file or directory"},
		{in("fifo/x"), "not a directory"},
		{"x\x00y", "invalid argument"},
		{directory, "it is a directory, not a regular file"},
		{in("fifo"), "it is a FIFO or pipe, not a regular file"},
		{in("socket"), "it is a socket, not a regular file"},
		{"/dev/zero", "it is a device, not a regular file"},
	} {
		_, err := Load(test.path, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot read configuration ") || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("Load(%q) = %v, want %s", test.path, err, test.want)
		}
	}
	if _, err := Load(in("missing"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("errors.Is(%v, fs.ErrNotExist) is false", err)
	}
}

// TestLoadOursAlone takes for a stranger's word only what a stranger cannot change.
func TestLoadOursAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.toml")
	if err := os.WriteFile(path, []byte("[service.web]\ncommand = \"true\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[uint32]string{0o600: "", 0o644: "", 0o646: "everyone can write the file"} {
		if err := os.Chmod(path, os.FileMode(mode)); err != nil {
			t.Fatal(err)
		}
		file, err := LoadOursAlone(path, nil)
		if want == "" && (err != nil || len(file.Services) != 1) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("mode %o: %v, want %q", mode, err, want)
		}
		if _, err := Load(path, nil); err != nil {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestLoadUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	path := filepath.Join(t.TempDir(), "secret.toml")
	if err := os.WriteFile(path, nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Load = %v", err)
	}
}

func TestNoHost(t *testing.T) {
	text := "[service.a]\ncommand = 'a'\nuser = 'nobody-knows'\ngroup = 'nor-this'\n"
	if _, err := Parse("x", []byte(text), nil); err != nil {
		t.Errorf("without a host: %v", err)
	}
	if _, err := Parse("x", []byte(text), fakeHost{}); err == nil || strings.Count(err.Error(), "unknown") != 2 {
		t.Errorf("with a host: %v", err)
	}
}

// TestErrorAsData is what a program sees of an error.
func TestErrorAsData(t *testing.T) {
	_, err := Parse("x.toml", []byte("[service.a]\ncommand = ['a', 5]\n"), nil)
	got, failed := json.MarshalIndent(err, "", "\t")
	want := `{
	"file": "x.toml",
	"problems": [
		{
			"line": 2,
			"column": 17,
			"path": "service.a.command[1]",
			"message": "command[1] must be a string, not an integer",
			"hint": "write \"5\"",
			"source": "command = ['a', 5]",
			"caret": "                ^"
		}
	]
}`
	if failed != nil || string(got) != want {
		t.Errorf("got %s, %v", got, failed)
	}
}
