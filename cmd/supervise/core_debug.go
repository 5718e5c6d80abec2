//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/coredump/elfcore"
	"supervise/coredump/explain"
	"supervise/coredump/read"
)

func newCoreDebug() *cobra.Command {
	var s coreStore
	var debugger string
	cmd := &cobra.Command{
		Use:   "debug [flags] ID|FILE [-- ARGUMENT...]",
		Short: "Look at a core with gdb",
		Long: `Run a debugger with the program and the core. Arguments behind -- are passed to it. The
debugger is gdb, unless $DEBUGGER or --debugger says otherwise: a program that is called as
gdb is, DEBUGGER ARGUMENT... PROGRAM CORE; or lldb.

A core that is compressed is decompressed first, into a file that has no name and is gone
with the debugger. Debuggers read cores and programs with all privileges of who runs them.

Exit status: that of the debugger, 1 when it cannot be run, 2 for a wrong command line, 4
when there is no such core.`,
		Example: `  supervise core debug 7f3a
  supervise core debug ./core.812 -- -batch -ex 'thread apply all bt full'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				args = args[:n]
			}
			return exactly("ID or FILE")(cmd, args)
		},
		ValidArgsFunction: completeCores(&s),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := s.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return runDebugger(f, debugger, args[1:])
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&debugger, "debugger", "", "the `PROGRAM` to run (default: $DEBUGGER, or gdb)")
	return cmd
}

// open opens a core, decompressed.
func (s *coreStore) open(ctx context.Context, arg string) (*os.File, error) {
	if s.isPath(arg) {
		f, err := read.Open(arg)
		if err != nil {
			return nil, noCore(arg, err)
		}
		// With O_NONBLOCK, package os would set up epoll(7) for it.
		_ = unix.SetNonblock(int(f.Fd()), false)
		return os.NewFile(f.Fd(), f.Name()), nil
	}
	opened, item, err := s.find(arg)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return openItem(ctx, &item)
}

// runDebugger replaces this process by a debugger.
func runDebugger(core *os.File, name string, arguments []string) error {
	if name == "" {
		name = os.Getenv("DEBUGGER")
	}
	if name == "" {
		name = "gdb"
	}
	words := strings.Fields(name)
	if len(words) == 0 {
		return usageError{errors.New("--debugger is blank")}
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return fmt.Errorf("cannot run the debugger %q: %w; install it, or name another one with --debugger", words[0], err)
	}
	program, err := programOf(core)
	if err != nil {
		return err
	}
	file, err := nameFor(core)
	if err != nil {
		return err
	}
	argv := append(words, arguments...)
	switch {
	case strings.HasSuffix(words[0], "lldb"):
		argv = append(argv, "--core", file)
		if program != "" {
			argv = append(argv, program)
		}
	case program != "":
		argv = append(argv, program, file)
	default:
		argv = append(argv, "--core="+file)
	}
	return fmt.Errorf("cannot run the debugger %s: %w", path, syscall.Exec(path, argv, os.Environ()))
}

// nameFor returns a path by which the debugger can open the core. One that was decompressed has
// none, so that the debugger keeps the descriptor.
func nameFor(core *os.File) (string, error) {
	here, err := core.Stat()
	if err != nil {
		return "", err
	}
	if there, err := os.Stat(core.Name()); err == nil && os.SameFile(here, there) {
		return core.Name(), nil
	}
	if _, err := unix.FcntlInt(core.Fd(), unix.F_SETFD, 0); err != nil {
		return "", err
	}
	return "/proc/self/fd/" + strconv.Itoa(int(core.Fd())), nil
}

// programOf returns the path of the program that a core is of, "" if it is not there any more.
func programOf(core *os.File) (string, error) {
	info, err := core.Stat()
	if err != nil {
		return "", err
	}
	c, err := elfcore.Open(core, info.Size())
	if err != nil {
		return "", fmt.Errorf("%s: %w%s", core.Name(), err, read.Remedy(core.Name()))
	}
	exe := explain.Exe(c)
	f, err := explain.Files(explain.Request{Path: exe})
	if err != nil {
		printError(fmt.Errorf("the debugger gets no program: %w", err))
		return "", nil
	}
	_ = f.Close()
	return exe, nil
}
