package safefile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Rule says whose the components of a path must be. We are root, the process's effective
// user, and whoever owns "/".
type Rule uint8

const (
	// Named: anybody's. Whoever gave us the path answers for it.
	Named Rule = iota
	// OurLinks: symbolic links must be ours, in directories that are ours. Directories may be
	// anybody's: who owns one can change what is in it, but not lead us elsewhere.
	OurLinks
	// Ours: directories, links and the file must belong to us. Others may write in a
	// directory (a group's, or everyone's as an emptyDir of Kubernetes is): they cannot make
	// anything there that is ours. The file itself not everyone may write.
	Ours
	// OursAlone: nobody else may write any of them, but in directories with the sticky bit,
	// such as /tmp. The group of root counts as one of us, and the one that has the number of
	// the process's user.
	OursAlone
)

// RefusedError says which component of a path breaks a rule.
type RefusedError struct {
	Path      string // as it was given
	Component string // the path of what is refused
	Reason    string // what is wrong with it, and whose it is
	Remedy    string
}

// Error does not name the path, which callers do, but its component.
func (e *RefusedError) Error() string {
	return e.Reason + "; " + e.Remedy
}

const anotherPath = ", or name another path"

func refuse(path, component, remedy, format string, args ...any) error {
	return &RefusedError{Path: path, Component: component, Reason: fmt.Sprintf(format, args...), Remedy: remedy + anotherPath}
}

// stat is what decides about a component.
type stat struct {
	unix.Stat_t
	readOnly bool // its file system is mounted so
}

func (s *stat) is(kind uint32) bool { return s.Mode&unix.S_IFMT == kind }
func (s *stat) sticky() bool        { return s.Mode&unix.S_ISVTX != 0 }
func (s *stat) ours() bool          { return isOurs(s.Uid) }
func (s *stat) everyone() bool      { return s.Mode&0o002 != 0 && !s.readOnly }

// group reports whether a group of others may write.
func (s *stat) group() bool {
	private := s.Gid == 0 || int(s.Gid) == os.Geteuid() && os.Getegid() == os.Geteuid()
	return s.Mode&0o020 != 0 && !private && !s.readOnly
}

// alone reports whether nobody but us may write it.
func (s *stat) alone() bool { return s.ours() && !s.everyone() && !s.group() }

// moves reports whether others may remove or rename what is ours in a directory: inode(7).
func (s *stat) moves() bool { return !s.ours() || s.everyone() && !s.sticky() }

func isOurs(uid uint32) bool {
	return uid == 0 || int(uid) == os.Geteuid() || uid == ownerOfRoot()
}

// ownerOfRoot is the overflow uid in a user namespace without the host's root:
// user_namespaces(7).
func ownerOfRoot() uint32 {
	var st unix.Stat_t
	if unix.Stat("/", &st) != nil {
		return 0
	}
	return st.Uid
}

// checkDir says whether a directory may be passed.
func (r Rule) checkDir(path, at string, st *stat) error {
	switch r {
	case Named, OurLinks:
		return nil
	case Ours, OursAlone:
	}
	switch {
	case !st.ours():
		return refuse(path, at, "make it root's (chown root "+at+")", "the directory %s belongs to uid %d, who can put anything in its place", at, st.Uid)
	case r == OursAlone && st.everyone() && !st.sticky():
		return refuse(path, at, "chmod o-w "+at, "everyone can write in the directory %s", at)
	case r == OursAlone && st.group() && !st.sticky():
		return refuse(path, at, "chmod g-w "+at, "the members of group %d can write in the directory %s", st.Gid, at)
	}
	return nil
}

// checkLink says whether a link in a directory may be followed.
func (r Rule) checkLink(path, at string, dir, st *stat) error {
	switch {
	case r == Named:
	case !st.ours():
		return refuse(path, at, "put a directory or file in its place", "the symbolic link %s belongs to uid %d, and is not followed", at, st.Uid)
	case dir.moves():
		return refuse(path, at, "put a directory or file in its place",
			"the symbolic link %s is in a directory that others can write (uid %d, mode %04o), and is not followed", at, dir.Uid, dir.Mode&0o7777)
	case dir.everyone() && st.Nlink > 1: // link(2): anybody's doing, unless fs.protected_hardlinks
		return refuse(path, at, "put a directory or file in its place", "the symbolic link %s has %d names in a directory that everyone can write", at, st.Nlink)
	}
	return nil
}

// checkFile says whether what a file has in it may be used.
func (r Rule) checkFile(path, at string, dir, st *stat) error {
	if !st.is(unix.S_IFREG) {
		return errors.New("it is " + kindOf(st.Mode) + ", not a regular file")
	}
	switch r {
	case Named, OurLinks:
		return nil
	case Ours, OursAlone:
	}
	switch {
	case !st.ours():
		return refuse(path, at, "make it root's (chown root "+at+")", "the file %s belongs to uid %d", at, st.Uid)
	case st.everyone():
		return refuse(path, at, "chmod o-w "+at, "everyone can write the file %s", at)
	case r == OursAlone && st.group():
		return refuse(path, at, "chmod g-w "+at, "the members of group %d can write the file %s", st.Gid, at)
	case !dir.alone() && st.Nlink > 1:
		return refuse(path, at, "remove its other names", "the file %s has %d names (hard links), and others can write in its directory", at, st.Nlink)
	}
	return nil
}

// checkLog says whether a file may be written that is in a directory of somebody's. Where
// nobody else can write, all is as the administrator wants it. Elsewhere, who can is let have
// what becomes of the file, and nothing more: no other file than one of that directory is
// written, and nobody but the directory's owner can make us wait for the reader of a FIFO.
func checkLog(path, at string, dir, st *stat) error {
	own := st.ours() || st.Uid == dir.Uid
	switch {
	case dir.alone():
	case !st.is(unix.S_IFREG) && !st.is(unix.S_IFIFO):
		return refuse(path, at, "remove it", "%s is %s of uid %d in a directory that others can write", at, kindOf(st.Mode), st.Uid)
	case st.Nlink > 1:
		return refuse(path, at, "remove its other names", "the file %s has %d names (hard links), and others can write in its directory", at, st.Nlink)
	case !own && (dir.sticky() || st.is(unix.S_IFIFO)):
		return refuse(path, at, "remove it", "%s is %s that belongs to uid %d, in a directory of uid %d", at, kindOf(st.Mode), st.Uid, dir.Uid)
	}
	return nil
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "a regular file"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFIFO:
		return "a FIFO or pipe"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFLNK:
		return "a symbolic link"
	}
	return "a device"
}
