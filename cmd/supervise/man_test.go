//go:build !slim

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
