package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// engine is a Docker Engine of a test's own: everything that it keeps is in a directory of
// the test, and it runs in a PID and a mount namespace that end with it. It has one image,
// with busybox and our programs in it.
type engine struct {
	docker []string // the command line of its client
	log    string
	parent string // cgroup of its containers
	names  atomic.Int32
}

// engineImage is the name of the image.
const engineImage = "supervise-test"

// startEngine starts an engine that takes a program as the init of containers, or skips the
// test.
func startEngine(t *testing.T, initPath string) *engine {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Docker Engine")
	}
	if os.Getuid() != 0 {
		t.Skip("a Docker Engine needs root")
	}
	for _, program := range []string{"dockerd", "docker", "busybox"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	dir := engineDir(t)
	e := &engine{
		docker: []string{"docker", "--host", "unix://" + dir + "/socket"}, log: filepath.Join(dir, "log"),
		parent: fmt.Sprintf("/supervise-test-%d-%d", os.Getpid(), launches.Add(1)),
	}
	log, err := os.Create(e.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "dockerd",
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none", "--storage-driver=vfs",
		"--data-root="+dir+"/data", "--exec-root="+dir+"/exec", "--pidfile="+dir+"/pid", "--host=unix://"+dir+"/socket",
		"--cgroup-parent="+e.parent, "--init-path="+initPath)
	cmd.Stdout, cmd.Stderr = log, log
	t.Cleanup(func() { removeCgroups(t, e.parent) }) // once everything has been killed
	testproc.Start(t, cmd)
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	e.await(t, ended)
	e.importImage(t)
	return e
}

// engineDir is a directory with a short path: that of a socket has at most 107 bytes.
func engineDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Whatever is mounted in it goes with the namespace, a moment after its last process.
		var err error
		for range 100 {
			if err = os.RemoveAll(dir); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error(err)
	})
	return dir
}

// await waits until the engine answers. No event reports that, so that it is asked.
func (e *engine) await(t *testing.T, ended <-chan struct{}) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := e.try("version"); err == nil {
			return
		}
		select {
		case <-ended:
			t.Skipf("no Docker Engine can run here: %s", lastLine(e.logged(t)))
		default:
		}
	}
	t.Fatalf("the engine does not answer\n%s", e.logged(t))
}

// importImage makes the image. The whole system is ours there, no layer is fetched.
func (e *engine) importImage(t *testing.T) {
	t.Helper()
	root := t.TempDir()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin", "etc", "tmp", "run", "full", "slim"} {
		must(os.Mkdir(filepath.Join(root, name), 0o755))
	}
	must(os.Chmod(filepath.Join(root, "tmp"), 0o777))
	must(os.Chmod(filepath.Join(root, "run"), 0o777))
	for _, b := range builds {
		install(t, filepath.Join(bin, b, "supervise"), filepath.Join(root, b, "supervise"))
		must(os.Symlink("supervise", filepath.Join(root, b, own)))
	}
	install(t, busybox(t), filepath.Join(root, "bin/busybox"))
	for _, applet := range []string{"sh", "sleep", "cat", "tail", "grep", "stty", "id", "kill", "true"} {
		must(os.Symlink("busybox", filepath.Join(root, "bin", applet)))
	}
	must(os.WriteFile(filepath.Join(root, "etc/services.toml"), []byte(engineServices), 0o644))
	tar := exec.Command("tar", "-C", root, "-c", ".")
	image := e.command(context.Background(), "import", "-", engineImage)
	pipe, err := tar.StdoutPipe()
	must(err)
	image.Stdin = pipe
	must(tar.Start())
	out, err := image.CombinedOutput()
	if err = errors.Join(err, tar.Wait()); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
}

// try runs the client and returns what it prints on both outputs.
func (e *engine) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := e.command(ctx, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (e *engine) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, e.docker[0], append(e.docker[1:len(e.docker):len(e.docker)], args...)...)
}

// do is try for what must succeed.
func (e *engine) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := e.try(args...)
	if err != nil {
		t.Fatalf("docker %q: %v\n%s", args, err, out)
	}
	return out
}

// create starts a container in the background and returns its name.
func (e *engine) create(t *testing.T, args ...string) string {
	t.Helper()
	name := "c" + strconv.Itoa(int(e.names.Add(1)))
	e.do(t, append([]string{"run", "--detach", "--network=none", "--name=" + name}, args...)...)
	return name
}

// awaitLog waits until a container has written something, which is asked for as no event of
// the engine's reports it.
func (e *engine) awaitLog(t *testing.T, name, text string) {
	t.Helper()
	e.awaitLogs(t, name, text, 1)
}

// awaitLogs waits until it has written that so many times.
func (e *engine) awaitLogs(t *testing.T, name, text string, times int) {
	t.Helper()
	var out string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if out = e.do(t, "logs", name); strings.Count(out, text) >= times {
			return
		}
	}
	t.Fatalf("not %d times %q but %q", times, text, out)
}

// status waits for the end of a container and returns its exit status.
func (e *engine) status(t *testing.T, name string) int {
	t.Helper()
	n, err := strconv.Atoi(e.do(t, "wait", name))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inspect returns something of what the engine knows of a container.
func (e *engine) inspect(t *testing.T, name, format string) string {
	t.Helper()
	return e.do(t, "inspect", "--format", format, name)
}

// expect compares the exit status, and what was written on the whole.
func (e *engine) expect(t *testing.T, name string, status int, written string) {
	t.Helper()
	if got, out := e.status(t, name), e.do(t, "logs", name); got != status || out != written {
		t.Errorf("status %d, it wrote %q; want %d, %q", got, out, status, written)
	}
}

func (e *engine) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(e.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// removeCgroups removes a cgroup of all hierarchies: what a killed engine leaves.
func removeCgroups(t *testing.T, parent string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(mounts) {
		fields := strings.Fields(string(line))
		if len(fields) < 3 || fields[2] != "cgroup" && fields[2] != "cgroup2" {
			continue
		}
		dir := filepath.Join(fields[1], parent)
		for range 200 { // the kernel may need a moment
			var all []string
			_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					all = append(all, path)
				}
				return nil
			})
			for _, inner := range slices.Backward(all) {
				_ = os.Remove(inner)
			}
			if len(all) == 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s cannot be removed", dir)
		}
	}
}
