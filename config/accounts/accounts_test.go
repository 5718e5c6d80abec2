package accounts

import (
	"slices"
	"strings"
	"testing"

	"supervise/config"
)

var _ config.Host = Host{}

func TestHost(t *testing.T) {
	const nobody = "supervise-test-has-no-such-account"
	if known, err := (Host{}).HasUser(nobody); known || err != nil {
		t.Errorf("HasUser(%q) = %v, %v", nobody, known, err)
	}
	if known, err := (Host{}).HasGroup(nobody); known || err != nil {
		t.Errorf("HasGroup(%q) = %v, %v", nobody, known, err)
	}
	for _, name := range (Host{}).Users() {
		if known, err := (Host{}).HasUser(name); !known || err != nil {
			t.Errorf("HasUser(%q), which is listed, = %v, %v", name, known, err)
		}
	}
	for _, name := range (Host{}).Groups() {
		if known, err := (Host{}).HasGroup(name); !known || err != nil {
			t.Errorf("HasGroup(%q), which is listed, = %v, %v", name, known, err)
		}
	}
}

func TestFirstFields(t *testing.T) {
	got := firstFields(strings.NewReader("root:x:0:0::/root:/bin/sh\n\n# comment:x\n+nis::\n-not::\n:x:1:1\nno-colon\nlast:x:1:1"))
	if want := []string{"root", "last"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := names("/does/not/exist"); got != nil {
		t.Errorf("names of a missing file: %q", got)
	}
}
