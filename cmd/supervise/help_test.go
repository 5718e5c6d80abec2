//go:build !slim

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryHelpHasExamples looks at what --help prints of each command.
func TestEveryHelpHasExamples(t *testing.T) {
	for _, c := range append(newRoot(nil).Commands(), newRoot(nil)) {
		if c.Name() == "help" {
			continue
		}
		var text strings.Builder
		c.SetOut(&text)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		_, examples, ok := strings.Cut(text.String(), "\nExamples:\n")
		if first, _, _ := strings.Cut(examples, "\n"); !ok || !strings.Contains(first, "supervise ") {
			t.Errorf("supervise %s --help has no example:\n%s", c.Name(), text.String())
		}
	}
}

// TestEveryCommandOnce looks for commands that the help lists twice.
func TestEveryCommandOnce(t *testing.T) {
	for _, parent := range append(newRoot(nil).Commands(), newRoot(nil)) {
		names := map[string]bool{}
		for _, c := range parent.Commands() {
			if names[c.Name()] {
				t.Errorf("%s has %q twice", parent.CommandPath(), c.Name())
			}
			names[c.Name()] = true
		}
	}
}

// TestNoColorOnce has the variable be read in one place.
func TestNoColorOnce(t *testing.T) {
	var places []string
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), `"NO_COLOR`) {
			places = append(places, path)
		}
		return err
	})
	if err != nil || len(places) != 1 {
		t.Errorf("NO_COLOR is read in %v, %v", places, err)
	}
}
