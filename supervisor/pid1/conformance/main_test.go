package conformance

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// The names that the program goes by. own is that of supervise init.
const (
	own       = "supervise-init"
	tini      = "tini"
	dumbInit  = "dumb-init"
	catatonit = "catatonit"
)

// bin is where the builds lie, each in a directory of its own and with all its names, and
// the static receiver of internal/bench.
var bin string

// arch is for which architecture they are built: another one's are run by an emulator.
var arch = flag.String("arch", runtime.GOARCH, "the architecture of the programs under test, amd64 or arm64")

const emulator = "qemu-aarch64-static"

func emulated() bool { return *arch != runtime.GOARCH }

// builds are the programs that play each part: two of ours, and the real one.
var builds = []string{"full", "slim"}

func TestMain(m *testing.M) {
	testproc.Role("confined", confined)
	os.Exit(testproc.Run(func() int {
		// What is tested waits more than it works.
		flag.Parse()
		if err := flag.Set("test.parallel", "8"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		dir, err := os.MkdirTemp("", "supervise-conformance-")
		if err == nil {
			defer os.RemoveAll(dir)
			bin, err = dir, build(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		status := m.Run()
		printCells()
		return status
	}))
}

func build(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for _, b := range []struct{ file, tags, entry, pkg, arch string }{
		{"full/supervise", "", "_supervise_entry", "supervise/cmd/supervise", *arch},
		{"slim/supervise", "slim", "_supervise_entry", "supervise/cmd/supervise", *arch},
		{"receiver", "", "_receiver_entry", "supervise/internal/bench/receiver", runtime.GOARCH},
	} {
		// Not as the native ones, but as other tests that build for arm64, so that the compiler's work is done once.
		cmd := exec.Command("go", "build", "-trimpath="+strconv.FormatBool(!emulated()), "-tags", b.tags, "-ldflags", "-s -w -E="+b.entry, "-o", filepath.Join(dir, b.file), b.pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+b.arch)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build %s: %w\n%s", b.file, err, out)
		}
	}
	for _, b := range builds {
		for _, name := range []string{own, tini, dumbInit, catatonit, "docker-init", "tini-static"} {
			if err := call(filepath.Join(dir, b), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// call gives a build one more name. Below an emulator that is a script, as the kernel cannot
// execute the program.
func call(dir, name string) error {
	if !emulated() {
		return os.Symlink("supervise", filepath.Join(dir, name))
	}
	text := "#!/bin/sh\nexec " + emulator + " -0 \"$0\" " + dir + "/supervise \"$@\"\n"
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755)
}

// program is one that plays a part.
type program struct {
	name  string // by which it is called
	build string // full, slim or real
	file  string
}

// each runs a test with each build under a name, and with the real program if it behaves.
func each(t *testing.T, name string, real bool, test func(t *testing.T, p program)) {
	t.Helper()
	real = real && !emulated()
	for _, b := range builds {
		t.Run(b, func(t *testing.T) { test(t, program{name, b, filepath.Join(bin, b, name)}) })
	}
	if !real || name == own {
		return
	}
	t.Run("real", func(t *testing.T) {
		file, err := exec.LookPath(name)
		if err != nil {
			t.Skip(name + " is not installed")
		}
		test(t, program{name, "real", file})
	})
}

// awaitCaught waits until a process has blocked, or catches, SIGTERM. No event reports
// that, so that it is asked for.
func awaitCaught(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		state, err := sys.ReadSignalState(strconv.Itoa(pid))
		if err == nil && (state.Blocked | state.Caught).Has(signals.SIGTERM) {
			return
		}
	}
	t.Fatalf("process %d does not catch SIGTERM", pid)
}
