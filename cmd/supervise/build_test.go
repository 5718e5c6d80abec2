package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"supervise/internal/testproc"
)

// The two ways to build the program, which take signals in differently: package intake.
var (
	entryBuild  string // linked with its own ELF entry point, as make build does
	reexecBuild string // as go build does
)

// helper is this test binary where every user can execute it: what go test builds lies in a
// directory of its own user.
var helper string

func TestMain(m *testing.M) {
	os.Exit(testproc.Run(func() int {
		dir, err := os.MkdirTemp("", "supervise-test")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		entryBuild, reexecBuild = filepath.Join(dir, "supervise"), filepath.Join(dir, "supervise-reexec")
		for file, flags := range map[string]string{entryBuild: "-E=_supervise_entry -X supervise/internal/release.Revision=0123456", reexecBuild: ""} {
			build := exec.Command("go", "build", "-buildvcs=false", "-ldflags="+flags, "-o", file, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
				return 1
			}
		}
		helper = filepath.Join(dir, "helper")
		if err := copySelf(helper); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}

// eachBuild runs a test with the program built both ways.
func eachBuild(t *testing.T, test func(t *testing.T, program string)) {
	t.Helper()
	t.Run("entry", func(t *testing.T) { test(t, entryBuild) })
	t.Run("re-exec", func(t *testing.T) { test(t, reexecBuild) })
}
