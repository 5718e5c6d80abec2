//go:build linux && (amd64 || arm64)

package process

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMissingInterpreter says what is missing when execve(2) has ENOENT for a file that is
// there.
func TestMissingInterpreter(t *testing.T) {
	broken := script(t, "broken", "#!/nonexistent/inner\n", 0o755)
	for name, test := range map[string]struct{ text, hint string }{
		"script":          {"#!/nonexistent/sh -e\nexit\n", `the file is there, but not its interpreter "/nonexistent/sh"`},
		"blanks":          {"#! \t/nonexistent/sh\t-e\n", `the file is there, but not its interpreter "/nonexistent/sh"`},
		"no line's end":   {"#!/nonexistent/sh", `the file is there, but not its interpreter "/nonexistent/sh"`},
		"carriage return": {"#!/bin/sh\r\nexit\r\n", `the file is there, but not its interpreter "/bin/sh\r"`},
		"interpreter's":   {"#!" + broken + "\n", `the file and its interpreter "` + broken + `" are there, but not what that needs itself`},
	} {
		t.Run(name, func(t *testing.T) {
			file := script(t, "web", test.text, 0o755)
			for _, spec := range []Spec{{Path: file}, {Path: "./web", Dir: filepath.Dir(file)}} {
				_, err := Start(&spec)
				if want := "execve " + spec.Path + ": no such file or directory (" + test.hint + ")"; err == nil || err.Error() != want {
					t.Errorf("%v\nwant %s", err, want)
				}
			}
		})
	}
}

// TestMissingLinker takes a program's dynamic linker away.
func TestMissingLinker(t *testing.T) {
	file := script(t, "web", string(unlinked(t)), 0o755)
	_, err := Start(&Spec{Path: file})
	var failure *StartError
	if !errors.As(err, &failure) || failure.Errno != syscall.ENOENT || failure.Hint != "the file is there, but not the dynamic linker that it asks for" {
		t.Error(err)
	}
}

// TestNoHint has nothing to add where the file itself is missing, or another step failed.
func TestNoHint(t *testing.T) {
	there := script(t, "web", "#!/nonexistent/sh\n", 0o755)
	for name, spec := range map[string]Spec{
		"file":        {Path: "/nonexistent/web"},
		"file in dir": {Path: filepath.Base(there), Dir: "/"},
		"directory":   {Path: there, Dir: "/nonexistent"},
		"no name":     {Path: ""},
		"no name, in": {Path: "", Dir: filepath.Dir(there)},
	} {
		_, err := Start(&spec)
		var failure *StartError
		if !errors.As(err, &failure) || failure.Errno != syscall.ENOENT || failure.Hint != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHintOfAnother tells of a file that another user is to run only what everyone may read,
// and opens nothing but regular files.
func TestHintOfAnother(t *testing.T) {
	file := script(t, "web", "#!/nonexistent/sh\n", 0o755)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o755); err != nil {
		t.Fatal(err)
	}
	const hint = `the file is there, but not its interpreter "/nonexistent/sh"`
	for _, c := range []struct {
		file    string
		mode    os.FileMode
		another bool
		want    string
	}{
		{file, 0o755, false, hint},
		{file, 0o755, true, hint},
		{file, 0o750, false, hint},
		{file, 0o750, true, ""},
		{fifo, 0o755, false, ""},
		{"/dev/zero", 0, true, ""},
		{filepath.Dir(file), 0, false, ""},
	} {
		if c.mode != 0 {
			if err := os.Chmod(c.file, c.mode); err != nil {
				t.Fatal(err)
			}
		}
		if got := missingInterpreter(c.file, c.another); got != c.want {
			t.Errorf("%s, mode %o, another %v: %q, want %q", c.file, c.mode, c.another, got, c.want)
		}
	}
}

// unlinked returns a dynamically linked program whose linker's name was changed.
func unlinked(t *testing.T) []byte {
	t.Helper()
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	at := linkerName(program)
	if at < 0 {
		t.Skip("/bin/true is linked statically")
	}
	program[at+1] = '-'
	return program
}

// linkerName returns where in an ELF file the name of its dynamic linker begins, -1 for
// nowhere: elf(5), PT_INTERP.
func linkerName(program []byte) int {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return -1
	}
	for _, header := range file.Progs {
		if header.Type == elf.PT_INTERP {
			return int(header.Off)
		}
	}
	return -1
}
