package settings

import (
	"errors"
	"fmt"
	"path"

	"golang.org/x/sys/unix"
)

// accessRemedy is for a directory that the process may not use.
const accessRemedy = "give it to the user of the process, or make it like /tmp (mode 1777); a pipe or a socket depends on no right of the process"

var fileRules = []rule{
	{
		id: "limit-zero", effect: None, kinds: files,
		general: "its core limit (RLIMIT_CORE, soft) is 0",
		remedy:  raiseLimit,
		holds: func(s *Subject) (string, bool) {
			sentence := ""
			if s.Process.HardCore == 0 {
				sentence = "its core limit (RLIMIT_CORE) is 0, the hard one, too, which only CAP_SYS_RESOURCE can raise"
			}
			return sentence, s.Process.LimitsRead && s.Process.Limit == 0
		},
	},
	{
		id: "limit-below-page", effect: None, kinds: files,
		general: "its core limit (RLIMIT_CORE, soft) is smaller than a page, 4,096 bytes",
		remedy:  raiseLimit,
		holds: func(s *Subject) (string, bool) {
			limit := s.Process.Limit
			return fmt.Sprintf("its core limit (RLIMIT_CORE, soft) is %d bytes, less than a page of %d", limit, pageSize), limit > 0 && limit < pageSize
		},
	},
	{
		id: "relative-for-root", effect: None, kinds: files,
		general: "it has changed its ids, so that its core is root's (fs.suid_dumpable is 2), which is only written by an absolute path",
		remedy:  "set an absolute path: supervise core pattern set '/var/cores/%e.%p'",
		holds: func(s *Subject) (string, bool) {
			words := s.expanded()
			return "", s.dumpable() == rootOnly && len(words) > 0 && (words[0] == "" || words[0][0] != '/')
		},
	},
	{
		id: "name-unusable", effect: None, kinds: files,
		general: "the name that core_pattern makes cannot be one of a file: it ends with a slash, or is too long",
		remedy:  "set a shorter pattern that ends with a name: supervise core pattern set '/var/cores/%e.%p'",
		holds: func(s *Subject) (string, bool) {
			for _, word := range s.expanded() {
				if problem := nameProblem(word); problem != "" {
					return fmt.Sprintf("the path %s %s", s.Target.Path, problem), true
				}
			}
			return "", false
		},
	},
	{
		id: "directory-missing", effect: None, kinds: files,
		general: "the directory of the core does not exist, as the process sees it: an absolute path begins at its own root, in its own mount namespace, a relative one in its working directory, which may have been removed",
		remedy:  "make the directory there, for a container inside of it; or use a pipe or a socket, which do not depend on the process",
		holds: func(s *Subject) (string, bool) {
			err := s.Target.Directory
			return s.aboutDirectory("is not there for the process: " + text(err)), err != nil && !isAccess(err)
		},
	},
	{
		id: "directory-closed", effect: None, kinds: files,
		general: "the process may not make a file in the directory of the core: it has not the right to write or to search it",
		remedy:  accessRemedy,
		holds: func(s *Subject) (string, bool) {
			closed := isAccess(s.Target.Directory) || isAccess(s.Target.Write)
			uid := s.Process.UIDs[3]
			return s.aboutDirectory(fmt.Sprintf("cannot be written by uid %d", uid)), closed
		},
	},
	{
		id: "directory-read-only", effect: None, kinds: files,
		general: "the directory of the core is on a file system that is read-only for the process",
		remedy:  "have a directory mounted writable there (`emptyDir` in Kubernetes), or set another pattern; a pipe or a socket does not depend on the process",
		holds: func(s *Subject) (string, bool) {
			return s.aboutDirectory("is read-only for the process"), errors.Is(s.Target.Write, unix.EROFS)
		},
	},
	{
		id: "name-taken", effect: None, kinds: files,
		general: "in the place of the core is a directory, or a file of somebody else that the process cannot remove; or any file, if its core is root's",
		remedy:  "remove it, or have %p in the pattern, so that each core gets a name of its own",
		holds: func(s *Subject) (string, bool) {
			return fmt.Sprintf("%s is there already: %s", s.Target.Path, s.Target.Taken), s.Target.Taken != ""
		},
	},
	{
		id: "umask", effect: None, kinds: files,
		general: "its umask takes the owner's right to read or write the core, which the kernel refuses to write then",
		remedy:  "let the program have another umask: a service's is `umask`",
		holds: func(s *Subject) (string, bool) {
			return fmt.Sprintf("its umask is %04o, so that the owner could not read or write the core", s.Process.Umask), s.Process.Umask&0o600 != 0
		},
	},
	{
		id: "no-owners", effect: None, kinds: files,
		general: "the directory is on a file system without owners and permissions (FAT, NTFS), where the kernel writes no core",
		remedy:  "set a pattern that leads to another file system",
		when:    func(s *Subject) bool { return s.Target.Loses },
	},
	{
		id: "no-space", effect: None, kinds: files,
		general: "the file system of the directory is full: no block, or no inode is free; without a block the file is made, and stays empty, though the kernel reports success",
		remedy:  "make room, or set a pattern that leads to another file system",
		when: func(s *Subject) bool {
			return s.Target.Seen && s.Target.Directory == nil && (s.Target.Free == 0 || s.Target.NoFiles) && s.Target.Write == nil
		},
	},
	{
		id: "file-size-limit-zero", effect: None, kinds: files,
		general: "its limit of file sizes (RLIMIT_FSIZE, soft) is 0: the file is made, and stays empty, though the kernel reports success",
		remedy:  "raise it: `prlimit --pid PID --fsize=unlimited`",
		when:    func(s *Subject) bool { return s.Process.LimitsRead && s.Process.FileSize == 0 },
	},
	{
		id: "limit-small", effect: Cut, kinds: files,
		general: "its core limit (RLIMIT_CORE, soft) is less than the memory it has; the kernel cuts the core there, and reports success",
		remedy:  raiseLimit,
		holds: func(s *Subject) (string, bool) {
			p := &s.Process
			sentence := fmt.Sprintf("its core limit (RLIMIT_CORE, soft) is %s, and it has %s in memory; the kernel cuts the core there, and reports success", human(p.Limit), human(p.Resident))
			return sentence, p.Limit >= pageSize && p.Limit < p.Resident && !p.Self
		},
	},
	{
		id: "file-size-limit", effect: Cut, kinds: files,
		general: "its limit of file sizes (RLIMIT_FSIZE, soft) is less than the memory it has, and cuts the core as well",
		remedy:  "raise it: `prlimit --pid PID --fsize=unlimited`",
		holds: func(s *Subject) (string, bool) {
			p := &s.Process
			sentence := fmt.Sprintf("its limit of file sizes (RLIMIT_FSIZE, soft) is %s, and it has %s in memory", human(p.FileSize), human(p.Resident))
			return sentence, p.FileSize > 0 && p.FileSize < p.Resident && !p.Self
		},
	},
	{
		id: "space-short", effect: Cut, kinds: files,
		general: "the file system of the directory has less room than the process has memory",
		remedy:  "make room, or set a pattern that leads to another file system",
		holds: func(s *Subject) (string, bool) {
			t, p := &s.Target, &s.Process
			sentence := s.aboutDirectory(fmt.Sprintf("has %s left, and the process has %s in memory", human(t.Free), human(p.Resident)))
			return sentence, t.Seen && t.Write == nil && t.Free > 0 && t.Free < p.Resident
		},
	},
	{
		id: "overwritten", effect: Note, kinds: files,
		general: "a file of the name that the core gets is there, an earlier core perhaps: it is removed first",
		remedy:  "have %p or %t in the pattern, so that each core gets a name of its own",
		holds: func(s *Subject) (string, bool) {
			return s.Target.Path + " is there already, an earlier core perhaps: it is removed first", s.Target.Overwrites && s.Target.Taken == ""
		},
	},
	{
		id: "relative", effect: Note, kinds: files,
		general: "core_pattern is a relative path: the core goes to the working directory that the process has when it crashes",
		holds: func(s *Subject) (string, bool) {
			words := s.expanded()
			return "", s.dumpable() != rootOnly && len(words) > 0 && words[0] != "" && words[0][0] != '/'
		},
	},
	{
		id: "other-mounts", effect: Note, kinds: files,
		general: "the process is in a mount namespace of its own, as in a container: the path is the one that it sees",
		when: func(s *Subject) bool {
			return !s.Process.SameMounts && s.dumpable() != rootOnly && !s.Process.Memoryless
		},
	},
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// isAccess reports whether an error says that somebody has not the right.
func isAccess(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

func (s *Subject) aboutDirectory(rest string) string {
	return "the directory " + path.Dir(s.Target.Path) + " " + rest
}
