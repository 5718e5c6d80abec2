package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// TestCheckDeadMount checks files that name, or are on, a file system that does not answer.
func TestCheckDeadMount(t *testing.T) {
	t.Parallel()
	if !testproc.Alone(t, testproc.OwnNamespace) {
		return
	}
	dir := t.TempDir()
	testproc.MountDead(t, filepath.Join(dir, "dead"))
	file := filepath.Join(dir, "services.toml")
	writeFile(t, file, "[service.web]\ncommand = '/bin/true'\n[service.job]\ncommand = '/bin/true'\ndirectory = '"+dir+"/dead/x'\n")
	var all sync.WaitGroup
	defer all.Wait()
	for path, want := range map[string]string{
		file:                                     file + `:5:13: service "job": directory "` + dir + `/dead/x" has not answered for 5s` + "\n",
		filepath.Join(dir, "dead/services.toml"): `supervise: cannot check "` + dir + `/dead/services.toml": it has not answered for 5s; is it on a file system whose server is gone?` + "\n",
	} {
		all.Go(func() {
			cmd := exec.Command(entryBuild, "check", path)
			began := time.Now()
			out, err := cmd.CombinedOutput() // returns when nobody has the descriptors any more
			if code := exitCode(t, err); code != 1 || !strings.HasPrefix(string(out), want) || time.Since(began) > patience {
				t.Errorf("status %d after %v: %s\nwant %s", code, time.Since(began), out, want)
			}
		})
	}
}
