package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is a program that is built for the comparison, under that name in the bench
// directory.
type program struct {
	name    string
	pkg     string
	ldflags string
	tags    string
}

// releaseFlags are the linker's flags of a release, as in Makefile, with some revision.
const releaseFlags = "-s -w -E=_supervise_entry -X supervise/internal/release.Revision=0000000"

// programs are linked as a release is.
var programs = []program{
	{"supervise", "supervise/cmd/supervise", releaseFlags, ""},
	{"supervise-init", "supervise/cmd/supervise", releaseFlags, "slim"},
	{"leastgo", "supervise/internal/bench/leastgo", "-s -w", ""},
	{"tiny", "supervise/internal/bench/tiny", "-s -w -E=_tiny_entry", ""},
	{"receiver", "supervise/internal/bench/receiver", "-s -w -E=_receiver_entry", ""},
}

//go:embed leastc/least.c
var leastC []byte

// build puts all programs into a directory, the one in C only if there is a compiler. Each is a
// copy: on which file system a program is, and how it was written, decide how many page faults
// its start takes, and with that up to a third of the time.
func build(dir string, o options) error {
	given := map[string]string{"supervise": o.supervise, "before/supervise": o.before, "before/supervise-init": o.beforeInit}
	linked := filepath.Join(dir, "linked")
	if err := os.Mkdir(filepath.Join(dir, "before"), 0o755); err != nil {
		return err
	}
	for _, p := range programs {
		if given[p.name] != "" {
			continue
		}
		cmd := exec.Command("go", "build", "-trimpath", "-tags", p.tags, "-ldflags", p.ldflags, "-o", linked, p.pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", p.name, err, strings.TrimSpace(string(out)))
		}
		if err := copyProgram(linked, filepath.Join(dir, p.name)); err != nil {
			return err
		}
	}
	for name, file := range given {
		if file == "" {
			continue
		}
		if err := copyProgram(file, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return buildC(dir)
}

// copyProgram writes as much at a time as those who unpack images and packages do. What is
// written at once the kernel has in large folios, up to 2 MB, each of which is mapped as a whole
// where one byte of it is used: a program would seem to need nearly all of its file.
func copyProgram(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	// Without these types the kernel would be asked to copy, at once.
	_, err = io.CopyBuffer(struct{ io.Writer }{target}, struct{ io.Reader }{source}, make([]byte, 32<<10))
	return errors.Join(err, target.Close())
}

func buildC(dir string) error {
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		return nil
	}
	source := filepath.Join(dir, "least.c")
	if err := os.WriteFile(source, leastC, 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(compiler, "-O2", "-o", filepath.Join(dir, "leastc"), source).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build leastc: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
