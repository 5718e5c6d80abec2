package settings

import (
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"supervise/internal/safefile"
)

// file looks at the directory of a core file, as the process that crashes: coredump_file in
// fs/coredump.c.
func (d *procDir) file(s *Subject, name string) {
	t := &s.Target
	dir, base := path.Split(name)
	if strings.Contains(dir, unknown) {
		s.Unknown = append(s.Unknown, "the directory, which depends on the crash")
		return
	}
	from, resolve := d.begin(s, name)
	if from < 0 {
		s.Unknown = append(s.Unknown, "the directory "+path.Clean(dir))
		return
	}
	defer unix.Close(from)
	seen := d.as(s, func() { lookAtDirectory(s, from, path.Clean("./"+dir), resolve) })
	if !seen {
		s.Unknown = append(s.Unknown, "whether it may write in "+path.Clean(dir))
		return
	}
	t.Seen = true
	if !t.Exact {
		return
	}
	fd, err := openBelow(from, path.Clean("./"+dir), unix.O_PATH|unix.O_DIRECTORY, resolve)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	lookAtName(s, fd, base)
}

// begin opens the directory that a path begins at. The core of a process that is root's begins
// at the initial root, whatever the process was led to take for one.
func (d *procDir) begin(s *Subject, name string) (fd int, resolve uint64) {
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	at := "root"
	switch {
	case !strings.HasPrefix(name, "/"):
		at = "cwd"
	case s.dumpable() == rootOnly:
		return initialRoot(s), unix.RESOLVE_IN_ROOT
	default:
		resolve = unix.RESOLVE_IN_ROOT
	}
	fd, err := unix.Openat(d.fd, at, flags, 0)
	if err != nil {
		return -1, 0
	}
	return fd, resolve
}

func openBelow(from int, name string, flags int, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC | unix.O_NONBLOCK), Resolve: resolve}
	if flags&unix.O_PATH != 0 {
		how.Flags &^= unix.O_NONBLOCK
	}
	fd, err := unix.Openat2(from, name, &how)
	if err == unix.ENOSYS || err == unix.EPERM {
		fd, err = unix.Openat(from, name, int(how.Flags), 0)
	}
	return fd, err
}

// as calls look with the rights that the kernel makes the file with. It reports false if we
// have not the right to take these.
func (d *procDir) as(s *Subject, look func()) bool {
	p := &s.Process
	who := safefile.User{UID: p.UIDs[3], GID: p.GIDs[3], Groups: p.Groups}
	if s.dumpable() == rootOnly {
		who.UID = 0
	}
	const override = 1 << unix.CAP_DAC_OVERRIDE
	switch {
	case os.Geteuid() == 0 && p.Effective&override != 0 && p.SameUsers:
		look()
	case os.Geteuid() == 0:
		return safefile.As(who, look) == nil
	case who.UID == uint32(os.Geteuid()):
		look()
	default:
		return false
	}
	return true
}

// lookAtDirectory asks whether a file can be made in a directory.
func lookAtDirectory(s *Subject, from int, dir string, resolve uint64) {
	t := &s.Target
	fd, err := openBelow(from, dir, unix.O_PATH|unix.O_DIRECTORY, resolve)
	if err != nil {
		t.Directory = err
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Nlink == 0 {
		t.Directory = unix.ENOENT // it was removed under the process
		return
	}
	const access = unix.W_OK | unix.X_OK
	t.Write = unix.Faccessat(fd, ".", access, unix.AT_EACCESS)
	var system unix.Statfs_t
	if unix.Fstatfs(fd, &system) != nil {
		return
	}
	t.Free = system.Bavail * uint64(system.Bsize)
	if s.Process.Effective&(1<<unix.CAP_SYS_RESOURCE) != 0 {
		t.Free = system.Bfree * uint64(system.Bsize)
	}
	t.NoFiles = system.Files > 0 && system.Ffree == 0
	t.Loses = keepsNoOwners(int64(system.Type))
}

// keepsNoOwners reports whether a file system gives all files the owner and the permissions
// that it was mounted with: those of other operating systems.
func keepsNoOwners(kind int64) bool {
	const exfat, ntfs, ntfs3 = 0x2011bab0, 0x5346544e, 0x7366746e
	return kind == unix.MSDOS_SUPER_MAGIC || kind == exfat || kind == ntfs || kind == ntfs3
}

// lookAtName asks what is in the place of the core: the kernel removes it first, but not for a
// process whose core is root's.
func lookAtName(s *Subject, dir int, name string) {
	t, p := &s.Target, &s.Process
	var there, st unix.Stat_t
	if unix.Fstatat(dir, name, &there, unix.AT_SYMLINK_NOFOLLOW) != nil || unix.Fstat(dir, &st) != nil {
		return
	}
	const owner = 1 << unix.CAP_FOWNER
	sticky := st.Mode&unix.S_ISVTX != 0 && there.Uid != p.UIDs[3] && st.Uid != p.UIDs[3]
	switch {
	case there.Mode&unix.S_IFMT == unix.S_IFDIR:
		t.Taken = "a directory"
	case s.dumpable() == rootOnly:
		t.Taken = "another file"
	case sticky && p.Effective&owner == 0:
		t.Taken = "a file of somebody else"
	default:
		t.Overwrites = true
	}
}

// nameProblem says why a path cannot be one of a file.
func nameProblem(name string) string {
	if strings.HasSuffix(name, "/") {
		return "ends with a slash"
	}
	for element := range strings.SplitSeq(name, "/") {
		if len(element) > unix.NAME_MAX {
			return "has an element of more than 255 bytes"
		}
	}
	if len(name) >= unix.PathMax {
		return "is longer than 4,095 bytes"
	}
	return ""
}
