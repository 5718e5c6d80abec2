package supervisor

import (
	"slices"
	"testing"
)

// TestBelow puts environments together: the first entry of a name counts.
func TestBelow(t *testing.T) {
	inherited := newInheritance([]string{"PATH=/bin", "HOME=/root", "PATH=/second", "EMPTY=", "odd"})
	for _, c := range []struct{ own, want []string }{
		{nil, []string{"PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"A=1", "A=2"}, []string{"A=1", "PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"HOME=/home", "PATH="}, []string{"HOME=/home", "PATH=", "EMPTY=", "odd"}},
		{[]string{"PATHS=1", "PAT=2"}, []string{"PATHS=1", "PAT=2", "PATH=/bin", "HOME=/root", "EMPTY=", "odd"}},
		{[]string{"odd=1", "EMPTY=full"}, []string{"odd=1", "EMPTY=full", "PATH=/bin", "HOME=/root"}},
	} {
		if got := inherited.below(c.own); !slices.Equal(got, c.want) {
			t.Errorf("below(%q) = %q, want %q", c.own, got, c.want)
		}
	}
}
