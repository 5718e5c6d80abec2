package main

import (
	_ "embed"
	"fmt"
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

// programs are linked as a release is: see Makefile.
var programs = []program{
	{"supervise", "supervise/cmd/supervise", "-s -w -E=_supervise_entry", ""},
	{"supervise-init", "supervise/cmd/supervise", "-s -w -E=_supervise_entry", "slim"},
	{"leastgo", "supervise/internal/bench/leastgo", "-s -w", ""},
	{"tiny", "supervise/internal/bench/tiny", "-s -w -E=_tiny_entry", ""},
	{"receiver", "supervise/internal/bench/receiver", "-s -w -E=_receiver_entry", ""},
}

//go:embed leastc/least.c
var leastC []byte

// build builds all programs into a directory, the one in C only if there is a compiler.
func build(dir string, o options) error {
	for _, p := range programs {
		file := filepath.Join(dir, p.name)
		if p.name == "supervise" && o.supervise != "" {
			given, err := filepath.Abs(o.supervise)
			if err != nil {
				return err
			}
			if err := os.Symlink(given, file); err != nil {
				return err
			}
			continue
		}
		cmd := exec.Command("go", "build", "-trimpath", "-tags", p.tags, "-ldflags", p.ldflags, "-o", file, p.pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", p.name, err, strings.TrimSpace(string(out)))
		}
	}
	return buildC(dir)
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
