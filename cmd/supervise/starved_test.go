package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildSlim builds the slim build into a directory.
func buildSlim(t *testing.T, dir string) (program string) {
	t.Helper()
	program = filepath.Join(dir, "supervise-init")
	build := exec.Command("go", "build", "-buildvcs=false", "-tags", "slim", "-ldflags=-E=_supervise_entry", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// lonely gives a command a user of its own, which has no other process.
func lonely(cmd *exec.Cmd, uid uint32) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

// TestNoRoomForThreads runs where the user may have no more processes than there are: what the
// Go runtime needs more of. It works, or says in one line why it does not.
func TestNoRoomForThreads(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := openDir(t)
	slim := buildSlim(t, dir)
	config := writeFile(t, filepath.Join(dir, "c.toml"), "[service.web]\ncommand = \"sleep 1000\"\n")
	for name, c := range map[string]struct {
		argv   []string
		uid    uint32
		status int
	}{
		"init":      {[]string{entryBuild, "init", "--", "/bin/true"}, 61_100, 126},
		"slim":      {[]string{slim, "--", "/bin/true"}, 61_101, 126},
		"slim init": {[]string{slim, "init", "--", "/bin/true"}, 61_102, 126},
		"run":       {[]string{entryBuild, "run", "--runtime-dir", dir + "/run", config}, 61_103, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			most := 4
			if name == "run" {
				most = 6 // more may be enough
			}
			for limit := 1; limit <= most; limit++ {
				argv := append([]string{"--nproc=" + strconv.Itoa(limit)}, c.argv...)
				out, err := lonely(exec.Command("prlimit", argv...), c.uid).CombinedOutput()
				lines := strings.Count(string(out), "\n")
				switch code := exitCode(t, err); {
				case code == 0 && lines == 0 && name != "run":
				case code != c.status || lines != 1:
					t.Errorf("with %d processes: status %d, want %d, and one line\n%s", limit, code, c.status, out)
				case limit < 3 && !strings.Contains(string(out), "there is no room for another thread or process; raise"):
					t.Errorf("with %d processes: %s", limit, out)
				}
			}
		})
	}
}

// TestNoRoomForMemory runs where the Go runtime cannot have the addresses that it begins with:
// one line says so. An init that needs no runtime works.
func TestNoRoomForMemory(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	slim := buildSlim(t, dir)
	config := writeFile(t, filepath.Join(dir, "c.toml"), "[service.web]\ncommand = \"sleep 1000\"\n")
	for _, limits := range []struct{ slim, full string }{
		// The full program needs 42 MB to be mapped at all: crypto/rand has 32 MiB for a source of random bits.
		{"--as=20000000", "--as=60000000"},
		{"--as=100000000", "--as=100000000"},
		{"--as=600000000", "--as=600000000"},
		{"--data=10000000", "--data=45000000"},
	} {
		for _, c := range []struct {
			limit  string
			argv   []string
			status int
		}{
			{limits.full, []string{entryBuild, "init", "--", "/bin/true"}, 126},
			{limits.slim, []string{slim, "--", "/bin/true"}, 126},
			{limits.full, []string{entryBuild, "run", "--runtime-dir", dir + "/run", config}, 1},
			{limits.full, []string{entryBuild, "status", "--runtime-dir", dir + "/run"}, 126},
		} {
			cmd := exec.Command("prlimit", append([]string{c.limit}, c.argv...)...)
			if out, err := cmd.CombinedOutput(); slices.Contains(c.argv, "--") && (err != nil || len(out) > 0) {
				t.Errorf("%s %q: %v\n%.300s", c.limit, c.argv, err, out)
			}
			cmd = exec.Command("prlimit", append([]string{c.limit}, c.argv...)...)
			cmd.Env = append(os.Environ(), "SUPERVISE_NUCLEUS=off")
			out, err := cmd.CombinedOutput()
			if code := exitCode(t, err); code != c.status || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "raise it (ulimit -v, ulimit -d)") {
				t.Errorf("%s %q: status %d\n%.300s", c.limit, c.argv, code, out)
			}
		}
	}
}

// TestPIDLimit runs init where the cgroup has room for fewer processes than it needs.
func TestPIDLimit(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const enough = 7 // the runtime may have one or two threads more on a busy machine
	slim := buildSlim(t, openDir(t))
	dir := filepath.Join(pidsRoot(t), "supervise-test-limit-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("cannot make a cgroup:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Rmdir(dir); err != nil {
			t.Error(err)
		}
	})
	for _, argv := range [][]string{{entryBuild, "init", "--", "/bin/true"}, {slim, "/bin/true"}} {
		for limit := 1; limit <= enough; limit++ {
			awaitNobody(t, dir)
			writeFile(t, filepath.Join(dir, "pids.max"), strconv.Itoa(limit))
			cmd := exec.Command("/bin/sh", append([]string{"-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, dir}, argv...)...)
			out, err := cmd.CombinedOutput()
			code, lines := exitCode(t, err), strings.Count(string(out), "\n")
			if !(code == 0 && lines == 0) && !(code == 126 && lines == 1) || limit == enough && code != 0 {
				t.Errorf("%s with %d: status %d\n%s", argv[0], limit, code, out)
			}
		}
	}
}

// awaitNobody waits until the kernel no longer counts the processes that were in a cgroup.
func awaitNobody(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		current, err := os.ReadFile(filepath.Join(dir, "pids.current"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(string(current)) == "0" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("there are %s processes still", current)
		}
	}
}

// TestClosedWithoutDev starts a command with standard descriptors closed, in a root directory
// with and without /dev/null, and in one where nothing is but the program.
func TestClosedWithoutDev(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := openDir(t)
	for name, program := range map[string]string{"full": entryBuild, "slim": buildSlim(t, dir)} {
		for _, dev := range []bool{true, false} {
			root := filepath.Join(dir, fmt.Sprint(name, dev))
			err := errors.Join(os.Mkdir(root, 0o755), os.Link(program, filepath.Join(root, "supervise")), os.Link(entryBuild, filepath.Join(root, "command")))
			if dev {
				err = errors.Join(err, os.Mkdir(filepath.Join(root, "dev"), 0o755),
					syscall.Mknod(filepath.Join(root, "dev", "null"), syscall.S_IFCHR|0o666, 1<<8|3))
			}
			if err != nil {
				t.Skip("cannot make such a root directory:", err)
			}
			for closed := range 8 {
				checkClosed(t, root, closed, dev)
			}
		}
	}
}

// checkClosed closes descriptors, by the bits of closed. That nothing can be written to one
// that was closed, without /dev/null, is the command's own trouble.
func checkClosed(t *testing.T, root string, closed int, dev bool) {
	t.Helper()
	script := `exec "$@"`
	for fd := range 3 {
		if closed>>fd&1 != 0 {
			script += fmt.Sprintf(" %d>&-", fd)
		}
	}
	const stdoutClosed = 2
	cmd := exec.Command("/bin/sh", "-c", script, "sh", "chroot", root, "/supervise", "init", "--", "/command", "version")
	out, err := cmd.CombinedOutput()
	code := exitCode(t, err)
	if closed&stdoutClosed == 0 && !strings.Contains(string(out), "intake mode") || (closed&stdoutClosed == 0 || dev) && code != 0 ||
		strings.Contains(string(out), "runtime: ") || code == 2 {
		t.Errorf("%s, closed %03b: status %d\n%s", filepath.Base(root), closed, code, out)
	}
}
