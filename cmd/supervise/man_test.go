//go:build !slim

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

//go:generate go test -run ^TestManPages$ . -update

const manDir = "../../docs/man"

// TestManPages writes the manual pages from the descriptions of the commands with -update,
// and otherwise fails when they are not what those say.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root := newRoot(nil)
	root.DisableAutoGenTag = true // it has the date in it
	keepLists(root)
	header := &doc.GenManHeader{Section: "1", Source: "supervise", Manual: "supervise", Date: &time.Time{}}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	for _, page := range manPages(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, filepath.Join(manDir, page), strings.Replace(string(text), `"Jan 0001"`, `""`, 1))
	}
	for _, page := range manPages(t, manDir) {
		if _, err := os.Stat(filepath.Join(dir, page)); err != nil {
			t.Errorf("%s/%s is of no command: remove it", manDir, page)
		}
	}
}

// keepLists has the indented lines of descriptions, which are lists, be code blocks of Markdown,
// of which pages are made: else their lines are filled, and the first one is not indented.
func keepLists(c *cobra.Command) {
	var long strings.Builder
	list := false
	for line := range strings.Lines(c.Long) {
		if line != "\n" {
			if indented := strings.HasPrefix(line, "  "); indented != list {
				list = indented
				long.WriteString("\n")
			}
		}
		if list && line != "\n" {
			long.WriteString("    ")
		}
		long.WriteString(line)
	}
	c.Long = long.String()
	for _, sub := range c.Commands() {
		keepLists(sub)
	}
}

func manPages(t *testing.T, dir string) (pages []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pages = append(pages, e.Name())
	}
	return pages
}
