package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// manager is a program that keeps services running.
type manager struct {
	name   string
	absent string         // why it is skipped
	stop   syscall.Signal // that makes it stop all services

	// arrange writes what it needs for services called s0000, s0001, ... that run tiny,
	// into a directory that has the FIFO "announce", and returns its command line.
	arrange func(b *bench, dir string, services int) ([]string, error)
}

// The names that goals refer to.
const (
	superviseRun   = "supervise run"
	superviseDeep  = "supervise run, 20 deep"
	forkExec       = "bare fork+exec"
	forkExecCgroup = "bare, a cgroup each"
	runsvdir       = "runsvdir"
)

// managers returns all there are. supervise takes part twice, because the others have no
// part in what a service writes: the services of s6 and runit inherit standard output.
func (b *bench) managers() (all []manager) {
	for _, r := range b.releases() {
		absent := lacksRun(r.full)
		all = append(
			all,
			manager{name: superviseRun + r.suffix, stop: syscall.SIGTERM, arrange: arrangeSupervise(r.full, "prefix"), absent: absent},
			manager{name: superviseRun + ", output inherited" + r.suffix, stop: syscall.SIGTERM, arrange: arrangeSupervise(r.full, "inherit"), absent: absent},
		)
		if r.suffix == "" { // one from before need not know conditions
			all = append(all, manager{name: superviseDeep, stop: syscall.SIGTERM, arrange: arrangeDeep(r.full), absent: absent})
		}
	}
	if b.oursOnly {
		return all
	}
	return append(
		all,
		manager{name: "s6-svscan", stop: syscall.SIGTERM, arrange: arrangeScan("s6-svscan", "-c", "1024"), absent: notInstalled("s6-svscan", "s6-supervise")},
		// runsvdir ends its children on SIGHUP, and not on SIGTERM: runsvdir(8).
		manager{name: runsvdir, stop: syscall.SIGHUP, arrange: arrangeScan("runsvdir"), absent: notInstalled("runsvdir", "runsv")},
	)
}

func notInstalled(programs ...string) string {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return "not installed"
		}
	}
	return ""
}

// lacksRun says why supervise run cannot be measured, if so.
func lacksRun(program string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "run", "--help").CombinedOutput()
	if err != nil || len(out) == 0 {
		return "this build has no command run"
	}
	return ""
}

func arrangeSupervise(program, log string) func(*bench, string, int) ([]string, error) {
	return arrangeEach(program, log, func(int, int) string { return "" })
}

// depth is how many services wait for each other in a row.
const depth = 20

// arrangeDeep has each service require one of the level below.
func arrangeDeep(program string) func(*bench, string, int) ([]string, error) {
	return arrangeEach(program, "prefix", func(i, services int) string {
		width := max(services/depth, 1)
		if i < width {
			return "up-after = \"0s\"\n"
		}
		return fmt.Sprintf("up-after = \"0s\"\nrequires = [\"s%04d\"]\n", i-width)
	})
}

// arrangeEach writes a file in which each service has some keys more.
func arrangeEach(program, log string, keys func(i, services int) string) func(*bench, string, int) ([]string, error) {
	return func(b *bench, dir string, services int) ([]string, error) {
		var text strings.Builder
		fmt.Fprintf(&text, "[supervisor]\nruntime-dir = %q\n", filepath.Join(dir, "run"))
		for i := range services {
			fmt.Fprintf(&text, "\n[service.s%04d]\ncommand = [%q, %q]\nrestart = { policy = \"always\", delay = \"0s\" }\nlog = { mode = %q }\n%s",
				i, b.file("tiny"), filepath.Join(dir, "announce"), log, keys(i, services))
		}
		file := filepath.Join(dir, "services.toml")
		return []string{program, "run", file}, os.WriteFile(file, []byte(text.String()), 0o644)
	}
}

// arrangeScan makes a directory with one directory per service, as s6 and runit require it.
// Their program "run" is tiny itself, without a shell.
func arrangeScan(argv ...string) func(*bench, string, int) ([]string, error) {
	return func(b *bench, dir string, services int) ([]string, error) {
		for i := range services {
			service := filepath.Join(dir, fmt.Sprintf("s%04d", i))
			if err := os.Mkdir(service, 0o755); err != nil {
				return nil, err
			}
			if err := os.Symlink(b.file("tiny"), filepath.Join(service, "run")); err != nil {
				return nil, err
			}
		}
		file, err := exec.LookPath(argv[0])
		return append(append([]string{file}, argv[1:]...), dir), err
	}
}

// running is a manager that runs.
type running struct {
	manager
	child *child
	fifo  *fifo
	start int64 // CLOCK_MONOTONIC in ns, right before it was started
}

// launch starts a manager in a new directory.
func (b *bench) launch(m manager, services int) (*running, error) {
	b.started++
	dir := b.state(fmt.Sprintf("services.%d", b.started))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := openFIFO(filepath.Join(dir, "announce"))
	if err != nil {
		return nil, err
	}
	argv, err := m.arrange(b, dir, services)
	if err != nil {
		f.close()
		return nil, err
	}
	r := &running{manager: m, fifo: f, start: now()}
	if r.child, err = b.start(argv...); err != nil {
		f.close()
		return nil, err
	}
	return r, nil
}

// kill ends the manager. What it has started is left to sweep.
func (r *running) kill() {
	r.child.kill()
	r.fifo.close()
}

// ended waits until no service is left, and none of the processes that supervised them: runsvdir
// does not wait for its own.
func (r *running) ended(supervisors []int) error {
	deadline := time.Now().Add(patience)
	if err := r.fifo.gone(deadline); err != nil {
		return fmt.Errorf("services are left: %w", err)
	}
	for _, pid := range supervisors {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue // it was reaped
		}
		if err != nil {
			return os.NewSyscallError("pidfd_open", err)
		}
		err = readable(fd, deadline)
		_ = unix.Close(fd)
		if err != nil {
			return fmt.Errorf("process %d of %s goes on: %w", pid, r.name, err)
		}
	}
	return nil
}
