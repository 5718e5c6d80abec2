package cmdline

import (
	"slices"
	"testing"

	"supervise/coredump"
)

// TestMappings: the kinds of mapping are those of package coredump.
func TestMappings(t *testing.T) {
	if want := coredump.FilterNames()[:len(mappings)]; !slices.Equal(mappings[:], want) {
		t.Errorf("the kinds of mapping are %q, want %q", mappings, want)
	}
	for _, word := range []string{"default", "all"} {
		got, _, ok := parseCoreFilter(word)
		want, _ := coredump.ParseFilter([]string{word})
		if !ok || got != uint32(want) {
			t.Errorf("%s is %#x, %v, want %v", word, got, ok, want)
		}
	}
}
