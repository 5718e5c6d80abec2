package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supervise/supervisor/process"
)

// TestReadEnvironmentFileOf reads what is ours for anybody's service, and what is not with
// the rights of the service's user, if that is not ours.
func TestReadEnvironmentFileOf(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("to give files to others takes root")
	}
	const web, other = 61_001, 61_002
	dir := t.TempDir()
	his := filepath.Join(dir, "his")
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755), os.Mkdir(his, 0o755),
		os.WriteFile(in("secret"), []byte("A=1\n"), 0o600), os.WriteFile(in("his/own"), []byte("A=1\n"), 0o600),
		os.Symlink("../secret", in("his/link")), os.Symlink("own", in("his/own-link")), os.Symlink("his/own", in("into")),
		os.Chown(his, web, web), os.Chown(in("his/own"), web, web), os.Lchown(in("his/link"), web, web), os.Lchown(in("his/own-link"), web, web),
	); err != nil {
		t.Fatal(err)
	}
	as := func(uid uint32) *process.Credential {
		return &process.Credential{UID: uid, GID: uid, Groups: []uint32{uid}}
	}
	for _, c := range []struct {
		name string
		who  *process.Credential
		want string
	}{
		{"secret", nil, ""},
		{"secret", as(web), ""},
		{"secret", as(0), ""},
		{"his/own", as(web), ""},
		{"his/own-link", as(web), ""},
		{"into", as(web), ""},
		{"his/own", as(other), "permission denied"},
		{"his/own", nil, "belongs to uid 61001"},
		{"his/own", as(0), "belongs to uid 61001"},
		{"into", nil, "belongs to uid 61001"},
		{"his/link", as(web), "permission denied (the directory " + his + " belongs to uid 61001"},
		{"his/link", nil, "belongs to uid 61001"},
		{"his/none", as(web), "no such file or directory"},
	} {
		got, err := readEnvironmentFile(in(c.name), c.who)
		switch {
		case c.want == "" && (err != nil || !slices.Equal(got.Entries, []string{"A=1"})):
			t.Errorf("%s as %+v: %q, %v", c.name, c.who, got, err)
		case c.want != "" && (err == nil || got.Entries != nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), in(c.name))):
			t.Errorf("%s as %+v: %q, %v, want %q", c.name, c.who, got, err, c.want)
		}
	}
}

func TestReadEnvironmentFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxEnvironmentFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	wide := filepath.Join(dir, "wide")
	if err := os.WriteFile(wide, []byte("\xff\xfeA\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                           "it is a directory, not a regular file",
		large:                         "it is larger than 1 MiB",
		wide:                          "wide: it is UTF-16: save it as UTF-8",
		filepath.Join(dir, "missing"): "no such file or directory",
	} {
		if _, err := readEnvironmentFile(path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
