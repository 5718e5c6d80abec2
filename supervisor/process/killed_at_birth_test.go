//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervise/internal/testproc"
)

// TestStillborn starts a program in a cgroup that was killed before, which the kernel may
// take for a reason to kill it at birth.
func TestStillborn(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		dir := testproc.Cgroup(t)
		if err := os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0); err != nil {
			t.Skip("this kernel cannot kill a cgroup:", err)
		}
		cgroup, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer cgroup.Close()
		e := startEcho(t, Spec{CgroupFD: int(cgroup.Fd()), HasCgroup: true})
		if got := e.proc(t, "cgroup"); !strings.Contains(got, "/"+filepath.Base(dir)+"\n") {
			t.Errorf("it runs in %q", got)
		}
	})
}
