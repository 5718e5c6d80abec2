//go:build !slim

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/trace"
	"supervise/supervisor/control/request"
)

// arguments takes PID... and, behind --, COMMAND....
func (t *tracing) arguments(cmd *cobra.Command, args []string) error {
	pids := args
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		pids, t.command = args[:dash], args[dash:]
		if len(t.command) == 0 {
			return usageError{fmt.Errorf("COMMAND is missing behind --; try '%s --help'", cmd.CommandPath())}
		}
	}
	for _, text := range pids {
		pid, err := strconv.Atoi(text)
		if err != nil || pid <= 0 {
			return usageError{fmt.Errorf("%q is no pid; a service is given with --service, a command behind --", text)}
		}
		t.pids = append(t.pids, pid)
	}
	if buffer := t.options.Buffer; buffer < 0 || buffer > 1024 || buffer&(buffer-1) != 0 {
		return usageError{fmt.Errorf("--buffer must be a power of two, up to 1024 MiB, not %d", buffer)}
	}
	t.options.Buffer <<= 20
	ways := 0
	for _, given := range []bool{len(t.pids) > 0, t.service != "", t.cgroup != "", t.all, len(t.command) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return usageError{errors.New("what to trace is missing: PIDs, --service, --cgroup, --all, or a command behind --")}
	case t.all && ways > 1 && len(t.command) == 0:
		return usageError{errors.New("--all includes everything else: give one of the two")}
	}
	return nil
}

// filter makes the backend's filter of the command line.
func (t *tracing) filter() error {
	f := &t.options.Filter
	f.All, f.Context = t.all, t.context
	f.Descendants = t.follow || len(t.command) > 0 || t.service != ""
	var err error
	if f.Signals, err = signalSet(t.signal); err != nil {
		return err
	}
	for _, pid := range t.pids {
		if err := unix.Kill(pid, 0); errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("there is no process %d", pid)
		}
		f.PIDs = append(f.PIDs, pid)
	}
	if t.follow {
		f.PIDs = withDescendants(f.PIDs)
	}
	if t.cgroup != "" {
		f.Cgroups = append(f.Cgroups, t.cgroup)
	}
	if t.service != "" {
		return t.addService(f)
	}
	return nil
}

// addService adds the cgroup of a service, so that it is traced beyond a restart, or else its
// processes.
func (t *tracing) addService(f *trace.Filter) error {
	reply, err := t.call(request.Status{Services: []string{t.service}})
	if err != nil {
		return err
	}
	if len(reply.Services) == 0 || reply.Services[0].PID == 0 {
		return fmt.Errorf("the service %q does not run: start it first, or trace all with --all --to NAME", t.service)
	}
	pid := reply.Services[0].PID
	stat, err := sys.ReadStat(pid)
	if err != nil {
		return err
	}
	if dir := cgroupOf(pid); dir != "" && dir != cgroupOf(stat.Parent) {
		f.Cgroups = append(f.Cgroups, dir)
		return nil
	}
	f.PIDs = append(f.PIDs, withDescendants([]int{pid})...)
	return nil
}

// cgroupOf is the directory of a process's cgroup, "" if it cannot be known.
func cgroupOf(pid int) string {
	text, err := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for mount := range strings.Lines(string(mounts)) {
			if fields := strings.Fields(mount); len(fields) > 2 && fields[2] == "cgroup2" {
				return filepath.Join(fields[1], group)
			}
		}
	}
	return ""
}

// withDescendants adds all descendants of processes.
func withDescendants(pids []int) []int {
	children := map[int][]int{}
	for s := range sys.Processes() {
		children[s.Parent] = append(children[s.Parent], s.PID)
	}
	for i := 0; i < len(pids); i++ {
		for _, child := range children[pids[i]] {
			if !slices.Contains(pids, child) {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// signalSet reads --signal: names, or names with ! before them. 0 is all.
func signalSet(words []string) (set signals.Set, err error) {
	var not signals.Set
	for _, word := range words {
		name, but := strings.CutPrefix(strings.TrimSpace(word), "!")
		s, err := signals.Parse(name)
		if err != nil {
			return 0, usageError{fmt.Errorf("--signal: %w", err)}
		}
		if but {
			not = not.With(s)
		} else {
			set = set.With(s)
		}
	}
	if set == 0 && not != 0 {
		set = signals.Full
	}
	if set&^not == 0 && len(words) > 0 {
		return 0, usageError{errors.New("--signal leaves no signal over")}
	}
	return set &^ not, nil
}

// untilEnded ends a context when all of the processes have ended.
func untilEnded(ctx context.Context, pids []int) context.Context {
	var fds []unix.PollFd
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return ctx // the kernel knows no pidfd
		}
		if err == nil {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		for len(fds) > 0 {
			if _, err := unix.Poll(fds, -1); err != nil {
				continue
			}
			fds = slices.DeleteFunc(fds, func(f unix.PollFd) bool {
				if f.Revents != 0 {
					unix.Close(int(f.Fd))
				}
				return f.Revents != 0
			})
		}
	}()
	return ctx
}
