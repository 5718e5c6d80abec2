//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/coredump/mini"
	"supervise/coredump/take"
	"supervise/internal/size"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

// coreTake are the flags of core take.
type coreTake struct {
	remote
	output     string
	mini       bool
	consistent bool
}

func newCoreTake() *cobra.Command {
	var c coreTake
	cmd := &cobra.Command{
		Use:   "take PID|NAME",
		Short: "Take the core of a process that goes on living",
		Long: `Take the core of a process, by its pid or the name of a service, and let it go on. It
stands for about a millisecond, whatever its size: more with thousands of threads. In that
time its registers, stacks and small segments are copied, so that the stacks of all threads
are as they were together. The rest is copied while it runs again, and may not fit
together: --consistent keeps the process stopped until all is there. The core of --mini has
no rest: it is small, and has all that the stacks need.

What the process does not want dumped (coredump_filter, MADV_DONTDUMP) is left out. Pages
that it never touched become holes of the file.

Nothing is left behind in the process, also if this command is killed. System calls that
end with EINTR after any stop, such as epoll_wait, do so: signal(7).

It takes root, or the same user where kernel.yama.ptrace_scope is 0.

Exit status: 0, 1 when it failed, 2 for a wrong command line, 3 when no supervisor runs or
the service does not, 4 when the service is unknown.`,
		Example: `  supervise core take web
  supervise core take --mini --output /tmp/core 812
  supervise core bt /tmp/core`,
		Args:              exactly("PID or NAME"),
		ValidArgsFunction: completeServices(&c.remote, one),
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.mini && c.consistent {
				return usageError{errors.New("--mini and --consistent exclude each other: all of a small core is copied while the process stands")}
			}
			pid, err := c.process(args[0])
			if err != nil {
				return err
			}
			taken, err := c.take(pid)
			if err != nil {
				return fmt.Errorf("cannot take a core of %s: %w", args[0], err)
			}
			if c.json() {
				return printObject(cmd.OutOrStdout(), taken)
			}
			return taken.print(cmd.OutOrStdout())
		},
	}
	c.printing(cmd)
	cmd.Flags().StringVarP(&c.output, "output", "o", "", "the `FILE` to write, which must not exist (default: core.PID)")
	cmd.Flags().BoolVar(&c.mini, "mini", false, "take a small core: stacks, and what is needed to understand them")
	cmd.Flags().BoolVar(&c.consistent, "consistent", false, "keep the process stopped until all memory is copied")
	return cmd
}

// process returns the pid of a process or of a service's main process.
func (c *coreTake) process(arg string) (int, error) {
	if pid, err := strconv.Atoi(arg); err == nil {
		if pid <= 0 {
			return 0, usageError{fmt.Errorf("%q is no pid", arg)}
		}
		return pid, nil
	}
	reply, err := c.call(request.Status{Services: []string{arg}})
	var absent *client.NotRunningError
	if errors.As(err, &absent) {
		return 0, fmt.Errorf("%q is no pid, and no service: %w", arg, err)
	}
	if err != nil {
		return 0, err
	}
	for i := range reply.Services {
		if pid := reply.Services[i].PID; pid > 0 {
			return int(pid), nil
		}
	}
	printError(fmt.Errorf("service %q does not run: 'supervise why %s' says why", arg, arg))
	return 0, exitStatus(exitNotRunning)
}

// takenCore is what has become of it.
type takenCore struct {
	PID     int      `json:"pid"`
	Path    string   `json:"path"`
	Mini    bool     `json:"mini"`
	Size    int64    `json:"size"`   // bytes, with holes
	Stored  int64    `json:"stored"` // bytes on the disk
	Threads int      `json:"threads"`
	Stopped int64    `json:"stopped_us"`
	LeftOut []string `json:"left_out"`
}

func (t *takenCore) print(w io.Writer) error {
	of := "a full core"
	if t.Mini {
		of = "a small core"
	}
	stopped := (time.Duration(t.Stopped) * time.Microsecond).Round(10 * time.Microsecond)
	_, err := fmt.Fprintf(w, "%s: %s of pid %d, %d threads, %s (%s on the disk); it was stopped for %v\n",
		t.Path, of, t.PID, t.Threads, size.Format(t.Size), size.Format(t.Stored), stopped)
	for _, what := range t.LeftOut {
		if err == nil {
			_, err = fmt.Fprintln(w, "left out:", what)
		}
	}
	return err
}

func (c *coreTake) take(pid int) (*takenCore, error) {
	path := c.output
	if path == "" {
		path = "core." + strconv.Itoa(pid)
	}
	file, err := createOutput(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s, err := take.Stop(pid, take.Options{Consistent: c.consistent})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	taken := &takenCore{PID: pid, Path: path, Mini: c.mini, LeftOut: []string{}}
	if c.mini {
		var summary mini.Summary
		summary, err = s.WriteMini(file)
		taken.Size, taken.Threads, taken.LeftOut = summary.Size, summary.Threads, append(taken.LeftOut, summary.LeftOut...)
	} else {
		var summary take.Summary
		bar := newProgressBar(os.Stderr)
		summary, err = s.WriteFull(file, func(done int64) { bar.show(done, s.Head.Expected()) })
		bar.end()
		taken.Size, taken.Threads, taken.LeftOut = summary.Size, summary.Threads, append(taken.LeftOut, summary.LeftOut...)
	}
	s.Close()
	if err != nil {
		return nil, err
	}
	taken.Stopped = s.Stopped.Microseconds()
	taken.Stored, err = file.keep()
	return taken, err
}

// outputFile is a file that gets its name when it is complete. If this program is killed before,
// nothing is left of it.
type outputFile struct {
	*os.File
	path  string
	named bool // from the beginning, as the file system wants it
	kept  bool
}

func createOutput(path string) (*outputFile, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s exists: remove it, or name another file with --output", path)
	}
	const mode = 0o600
	fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, mode)
	if err == nil {
		return &outputFile{File: os.NewFile(uintptr(fd), path), path: path}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return nil, err
	}
	return &outputFile{File: file, path: path, named: true}, nil
}

// keep gives the file its name, and returns how many bytes it takes on the disk.
func (f *outputFile) keep() (int64, error) {
	var info unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &info); err != nil {
		return 0, err
	}
	if !f.named {
		self := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
		err := unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, f.path, unix.AT_SYMLINK_FOLLOW)
		if errors.Is(err, fs.ErrExist) {
			return 0, fmt.Errorf("%s exists by now: name another file with --output", f.path)
		}
		if err != nil {
			return 0, fmt.Errorf("cannot name the core %s: %w", f.path, err)
		}
	}
	f.kept = true
	const block = 512
	return info.Blocks * block, nil
}

// Close closes the file, and removes one that was not kept.
func (f *outputFile) Close() error {
	if f.named && !f.kept {
		_ = os.Remove(f.path)
	}
	return f.File.Close()
}
