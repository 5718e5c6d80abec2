package deliver

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"supervise/internal/sys"
	"supervise/signals/state/procfs"
	"supervise/supervisor/process/tree"
)

// Group returns the pids of the process group that a process is in.
func Group(pid int) (pids []int, err error) {
	stat, err := sys.ReadStat(pid)
	if err != nil {
		return nil, fmt.Errorf("pid %d: %w", pid, ErrNone)
	}
	for member := range sys.Processes() {
		if member.Group == stat.Group && !member.Zombie() {
			pids = append(pids, member.PID)
		}
	}
	return pids, nil
}

// Tree returns a process and all that descend from it, parents first. One whose parent has ended
// belongs to it no more.
func Tree(pid int) []int { return procfs.Tree(pid) }

// Cgroup returns the pids in the cgroup2 group that a process is in, and in all below it.
func Cgroup(pid int) (pids []int, err error) {
	dir, group, err := tree.CgroupOf(strconv.Itoa(pid))
	if err != nil {
		return nil, fmt.Errorf("cannot find the cgroup of pid %d: %w", pid, err)
	}
	if group == "/" {
		return nil, fmt.Errorf("pid %d is in the root cgroup, in which the whole machine is: name processes with --tree or --group", pid)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // it was removed meanwhile
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return nil // threaded, or removed
		}
		for line := range strings.Lines(string(text)) {
			if member, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && member > 0 {
				pids = append(pids, member)
			}
		}
		return nil
	})
	return pids, err
}
