package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/signals"
)

// container is an OCI bundle with a rootfs of two files: init and its command.
type container struct {
	id, bundle, root string
}

// newContainer makes a bundle, or skips the test.
func newContainer(t *testing.T, p program) *container {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("runc is tried as root only")
	}
	if err := runcWorks(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	c := &container{id: "supervise-" + strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(int(launches.Add(1))), bundle: dir, root: filepath.Join(dir, "state")}
	for _, name := range []string{"rootfs", "rootfs/proc", "rootfs/dev", "rootfs/sys", "rootfs/tmp", "rootfs/etc"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.install(t, p.file, p.name)
	return c
}

// install copies a program into the container.
func (c *container) install(t *testing.T, file, name string) {
	t.Helper()
	install(t, file, filepath.Join(c.bundle, "rootfs", name))
}

// install copies a program.
func install(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// configure writes config.json for a command line.
func (c *container) configure(t *testing.T, env []string, argv ...string) {
	t.Helper()
	mount := func(kind, to string) map[string]any {
		return map[string]any{"destination": to, "type": kind, "source": kind}
	}
	config := map[string]any{
		"ociVersion": "1.0.2",
		"process":    map[string]any{"user": map[string]int{"uid": 0, "gid": 0}, "args": argv, "env": append([]string{"PATH=/:/bin"}, env...), "cwd": "/tmp", "noNewPrivileges": true},
		"root":       map[string]any{"path": "rootfs", "readonly": true},
		"mounts":     []any{mount("proc", "/proc"), mount("tmpfs", "/dev")},
		"linux":      map[string]any{"namespaces": []any{map[string]string{"type": "pid"}, map[string]string{"type": "mount"}, map[string]string{"type": "ipc"}}},
	}
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(c.bundle, "config.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (c *container) runc(args ...string) []string {
	return append([]string{"runc", "--root", c.root}, args...)
}

// start runs the container.
func (c *container) start(t *testing.T) *running {
	t.Helper()
	argv := c.runc("run", "--bundle", c.bundle, c.id)
	t.Cleanup(func() {
		remove := c.runc("delete", "--force", c.id)
		_ = exec.Command(remove[0], remove[1:]...).Run()
	})
	return launch(t, nil, argv...)
}

// pid is that of the container's PID 1, outside.
func (c *container) pid(t *testing.T) int {
	t.Helper()
	argv := c.runc("state", c.id)
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	var state struct{ Pid int }
	if err == nil {
		err = json.Unmarshal(out, &state)
	}
	if err != nil || state.Pid == 0 {
		t.Fatalf("%q: %v %s", argv, err, out)
	}
	return state.Pid
}

// runcWorks tells why no container can be run here, or nil.
var runcWorks = sync.OnceValue(func() error {
	if _, err := exec.LookPath("runc"); err != nil {
		return fmt.Errorf("runc is not installed")
	}
	if _, err := exec.LookPath("busybox"); err != nil {
		return fmt.Errorf("busybox is not installed")
	}
	return nil
})

// urgent is what runc, a Go program, passes on to the container for every time that its own
// runtime preempts a thread.
const urgent = signals.SIGURG

// TestScratch has nothing in the container but init and a command that prints every
// signal: all arrive, in order, and a sender outside is named as such.
func TestScratch(t *testing.T) {
	t.Parallel()
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			t.Parallel()
			c := newContainer(t, p)
			c.install(t, filepath.Join(bin, "receiver"), "receiver")
			c.configure(t, nil, "/"+name, "--", "/receiver")
			i := c.start(t)
			record := make([]byte, recordSize)
			if _, err := io.ReadFull(i.out, record); err != nil {
				t.Fatalf("%v\n%s", err, i.errors())
			}
			pid := c.pid(t)
			const count = 200
			for value := range uint64(count) {
				queue(t, pid, signals.SIGRTMIN+1, value)
			}
			if err := syscall.Kill(pid, term); err != nil {
				t.Fatal(err)
			}
			next, ended := uint64(0), false
			for next < count || !ended {
				if _, err := io.ReadFull(i.out, record); err != nil {
					t.Fatalf("after %d: %v\n%s", next, err, i.errors())
				}
				got := info(record)
				switch {
				case got.Signal == urgent:
				case got.PID != 0 && got.Code != signals.CodeQueue:
					t.Fatalf("%v arrived", got)
				case got.Signal == signals.SIGTERM:
					ended = true
				case got.Value != next:
					t.Fatalf("%v arrived in the place of %d", got, next)
				default:
					next++
				}
			}
		})
	}
}

// TestContainer tries the rows that are marked for it, with busybox for a shell.
func TestContainer(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]row{tini: tiniRows(), dumbInit: dumbInitRows(), catatonit: catatonitRows(), own: initRows()} {
		each(t, name, false, func(t *testing.T, p program) {
			t.Parallel()
			c := newContainer(t, p)
			c.install(t, busybox(t), "busybox")
			for _, applet := range []string{"sh", "sleep", "grep", "readlink"} {
				if err := os.Symlink("busybox", filepath.Join(c.bundle, "rootfs", applet)); err != nil {
					t.Fatal(err)
				}
			}
			for _, r := range rows {
				if !r.in {
					continue
				}
				for what, env := range map[string][]string{r.what: nil, r.what + ", " + off: {off}} {
					t.Run(what, func(t *testing.T) {
						counted(t, p.build, inContainer, env...)
						c.try(t, r, env...)
					})
				}
			}
		})
	}
}

func busybox(t *testing.T) string {
	t.Helper()
	file, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("busybox is not installed")
	}
	return file
}

func (c *container) try(t *testing.T, r row, env ...string) {
	t.Helper()
	r.script = strings.ReplaceAll(r.script, " URG", "") // see urgent
	r.out = strings.ReplaceAll(r.out, "URG, ", "")
	r.signals = slices.DeleteFunc(slices.Clone(r.signals), func(s syscall.Signal) bool { return s == syscall.SIGURG })
	c.configure(t, append(env, r.env...), append([]string{"/" + r.name}, r.argv()...)...)
	start := time.Now()
	i := c.start(t)
	for _, s := range r.signals {
		i.await(t, "ready")
		if err := syscall.Kill(c.pid(t), s); err != nil {
			t.Fatal(err)
		}
	}
	status := i.status(t)
	if out := strings.Join(i.said(), ", "); status != r.status || out != r.out {
		t.Errorf("status %d, output %q after %v; want %d, %q\n%s", status, out, time.Since(start), r.status, r.out, i.errors())
	}
}
