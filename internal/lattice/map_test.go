package lattice

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestMap has "Where things are" of README.md name every package of the house, and nothing in
// its first column that is none. A name may leave out what stands before it in the same row:
// "`supervisor/status`, `board`" means supervisor/board. "`bench/...`" is all below, too.
func TestMap(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "\n## Where things are\n")
	if !ok {
		t.Fatal("README.md has no map any more")
	}
	missing := plan(t)
	packages := slices.Collect(maps.Keys(missing))
	for row := range strings.Lines(table) {
		cells := strings.SplitN(row, "|", 3)
		if len(cells) < 3 {
			continue
		}
		words := code.FindAllStringSubmatch(row, -1)
		named := len(code.FindAllString(cells[1], -1))
		for i, word := range words {
			found := resolve(words[0][1], word[1], packages)
			for _, name := range found {
				delete(missing, name)
			}
			if i < named && len(found) == 0 {
				t.Errorf("the map has %s, which is no package, in: %s", word[1], row)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("the map in README.md has no %s", name)
	}
}

// resolve returns the packages that a word means in a row that begins with first.
func resolve(first, word string, packages []string) (found []string) {
	word, below := strings.CutSuffix(word, "/...")
	for _, name := range packages {
		for _, full := range []string{word, path.Join(first, word), path.Join(path.Dir(first), word)} {
			if name == full || below && strings.HasPrefix(name, full+"/") {
				found = append(found, name)
				break
			}
		}
	}
	return found
}
