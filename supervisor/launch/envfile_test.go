package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
		dir:                           "is no regular file of at most 1048576 bytes",
		large:                         "is no regular file of at most 1048576 bytes",
		wide:                          "wide: it is UTF-16: save it as UTF-8",
		filepath.Join(dir, "missing"): "no such file or directory",
	} {
		if _, err := readEnvironmentFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
