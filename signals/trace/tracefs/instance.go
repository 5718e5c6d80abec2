package tracefs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// prefix begins the names of our instances: supervise-trace-PID-STARTTIME.
const prefix = "supervise-trace-"

// root finds the tracing file system.
func root() (string, error) {
	for _, dir := range []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil && s.Type == unix.TRACEFS_MAGIC {
			return dir, nil
		}
	}
	return "", errors.New("tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing")
}

// Permitted says why this process cannot record by tracefs, or nil.
func Permitted() error {
	dir, err := root()
	if err != nil {
		return err
	}
	if err := unix.Access(filepath.Join(dir, "instances"), unix.W_OK); err != nil {
		return fmt.Errorf("%s: %w: it takes root", filepath.Join(dir, "instances"), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "events/signal/signal_generate")); err != nil {
		return fmt.Errorf("%w: the kernel was built without CONFIG_FTRACE", err)
	}
	return nil
}

// Sweep removes the instances of processes that are gone, and returns how many.
func Sweep() (removed int, err error) {
	dir, err := root()
	if err != nil {
		return 0, err
	}
	list, err := os.ReadDir(filepath.Join(dir, "instances"))
	for _, entry := range list {
		owner, ours := strings.CutPrefix(entry.Name(), prefix)
		if ours && !alive(owner) {
			if e := unix.Rmdir(filepath.Join(dir, "instances", entry.Name())); e == nil {
				removed++
			} else if err == nil && !errors.Is(e, unix.ENOENT) {
				err = e
			}
		}
	}
	return removed, err
}

// alive reports whether PID-STARTTIME is a process.
func alive(owner string) bool {
	text, start, _ := strings.Cut(owner, "-")
	pid, err := strconv.Atoi(text)
	if err != nil {
		return false
	}
	stat, err := sys.ReadStat(pid)
	return err == nil && !stat.Zombie() && strconv.FormatUint(stat.Started, 10) == start
}

// instance is one of our own.
type instance struct{ dir string }

func newInstance() (*instance, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	_, _ = Sweep()
	self, err := sys.ReadStat(os.Getpid())
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), self.Started)
	i := &instance{filepath.Join(dir, "instances", name)}
	if err := os.Mkdir(i.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a tracing instance: %w", err)
	}
	return i, nil
}

// write writes a setting.
func (i *instance) write(file, text string) error {
	return os.WriteFile(filepath.Join(i.dir, file), []byte(text), 0)
}

// enable turns an event on.
func (i *instance) enable(event string) error { return i.write("events/"+event+"/enable", "1") }

// lost is how many events found no room.
func (i *instance) lost() (sum uint64) {
	files, _ := filepath.Glob(filepath.Join(i.dir, "per_cpu/cpu*/stats"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for line := range strings.Lines(string(text)) {
			for _, key := range []string{"overrun: ", "dropped events: "} {
				if value, ok := strings.CutPrefix(line, key); ok {
					n, _ := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
					sum += n
				}
			}
		}
	}
	return sum
}

// remove removes the instance. The pipe must be closed.
func (i *instance) remove() error { return unix.Rmdir(i.dir) }
