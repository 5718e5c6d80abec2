package tree

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ownCgroup returns the directory of the cgroup that this process is in, and its name.
func ownCgroup() (dir, group string, err error) { return CgroupOf("self") }

// CgroupOf returns the directory of the cgroup2 group that a process is in, and the name of the
// group. The process is given as in /proc: a pid, or self. The error is [ErrNoCgroup] if no such
// hierarchy is mounted, or the group is outside of what this process can see of it.
func CgroupOf(pid string) (dir, group string, err error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", "", err
	}
	membership, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		return "", "", err
	}
	return locate(string(mounts), string(membership))
}

// locate finds the directory of the cgroup2 group that the text of /proc/PID/cgroup names, in
// the mounts of /proc/PID/mountinfo: cgroups(7), proc_pid_mountinfo(5).
func locate(mounts, membership string) (dir, group string, err error) {
	found := false
	for line := range strings.Lines(membership) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			group, found = path, true
		}
	}
	// A group outside of our cgroup namespace is "/../other", and cannot be reached.
	if !found || slices.Contains(strings.Split(group, "/"), "..") {
		return "", "", ErrNoCgroup
	}
	for line := range strings.Lines(mounts) {
		mount, kind, ok := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if !ok || len(fields) < 5 || !strings.HasPrefix(kind, "cgroup2 ") {
			continue
		}
		root, point := unescape(fields[3]), unescape(fields[4])
		inside, ok := cutDir(group, root)
		if !ok {
			continue
		}
		return filepath.Join(point, inside), group, nil
	}
	return "", "", ErrNoCgroup
}

// cutDir returns the part of path below dir.
func cutDir(path, dir string) (string, bool) {
	if dir == "/" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// unescape undoes the octal escapes of mountinfo.
func unescape(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}
