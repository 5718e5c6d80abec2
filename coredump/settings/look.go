package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump"
)

// patience is how long a process's file systems may take to answer.
var patience = 5 * time.Second

// Look reads all that decides about the core of a process. 0 stands for this program itself,
// as an example of what would be started from here: the limits of a shell are its children's.
//
// What may not be read is named in Subject.Unknown. The error says that the process is not
// there, or that a file system has not answered for 5 seconds.
func Look(pid int) (Subject, error) {
	type answer struct {
		subject Subject
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		s, err := look(pid)
		done <- answer{s, err}
	}()
	select {
	case a := <-done:
		return a.subject, a.err
	case <-time.After(patience):
		return Subject{}, fmt.Errorf("what pid %d would make its core in has not answered for %v: is it on a file system whose server is gone?", pid, patience)
	}
}

func look(pid int) (Subject, error) {
	s := Subject{Process: Process{PID: pid}}
	if pid == 0 {
		s.Process.Self, s.Process.PID = true, os.Getpid()
	}
	d, err := openProc(s.Process.PID)
	if err != nil {
		return s, err
	}
	defer d.close()
	if s.Kernel, err = Read(); errors.Is(err, fs.ErrNotExist) {
		s.NoCores = true
	} else if err != nil {
		return s, err
	}
	if s.Pattern, err = s.Kernel.Parsed(); err != nil {
		s.Unknown = append(s.Unknown, "what the kernel makes of the pattern")
	}
	s.ReadOnly = errors.Is(unix.Access(Pattern.path(), unix.W_OK), unix.EROFS)
	s.Inside = inside()
	if err := d.process(&s); err != nil {
		return s, err
	}
	d.facts(&s)
	d.target(&s)
	return s, nil
}

// The inodes of the initial namespaces: linux/proc_ns.h.
const (
	initialPIDNamespace  = 0xEFFFFFFC
	initialUserNamespace = 0xEFFFFFFD
	initialUTSNamespace  = 0xEFFFFFFE
)

func namespaceIs(path string, inode uint64) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Ino == inode
}

// kthreadd is the process whose root and namespaces the kernel starts programs in.
const kthreadd = 2

// inside reports whether we are in a container, where names lead elsewhere than from kthreadd.
func inside() bool {
	if !namespaceIs("/proc/self/ns/pid", initialPIDNamespace) {
		return true
	}
	theirs, err := os.Readlink(procPath(kthreadd, "ns/mnt"))
	ours, err2 := os.Readlink("/proc/self/ns/mnt")
	return err == nil && err2 == nil && theirs != ours && os.Geteuid() != 0 // else by its root
}

// facts are the specifiers' values, as far as they are known before a crash.
func (d *procDir) facts(s *Subject) {
	p := &s.Process
	p.Facts = coredump.Facts{
		coredump.UID:       strconv.FormatUint(uint64(p.UIDs[0]), 10),
		coredump.GID:       strconv.FormatUint(uint64(p.GIDs[0]), 10),
		coredump.CoreLimit: strconv.FormatUint(p.Limit, 10),
		coredump.Dumpable:  strconv.Itoa(int(s.dumpable())),
	}
	if p.InnermostID != 0 {
		p.Facts[coredump.PID] = strconv.Itoa(p.InnermostID)
	}
	if namespaceIs("/proc/self/ns/pid", initialPIDNamespace) {
		p.Facts[coredump.InitialPID] = strconv.Itoa(p.PID)
	}
	if p.Executable != "" {
		p.Facts[coredump.Executable] = p.Executable
	}
	var name unix.Utsname
	if d.sameNamespace("ns/uts") && unix.Uname(&name) == nil {
		p.Facts[coredump.Host] = unix.ByteSliceToString(name.Nodename[:])
	}
	if p.Threads == 1 {
		p.Facts[coredump.Name] = p.Name
		for whole, thread := range map[coredump.Specifier]coredump.Specifier{coredump.PID: coredump.TID, coredump.InitialPID: coredump.InitialTID} {
			if id, ok := p.Facts[whole]; ok {
				p.Facts[thread] = id
			}
		}
	}
	if p.Self || !namespaceIs("/proc/self/ns/user", initialUserNamespace) {
		s.forget()
	}
}

// forget drops what holds for this process and not for another one, or is not what the kernel
// would say.
func (s *Subject) forget() {
	keep := map[coredump.Specifier]bool{coredump.Host: true, coredump.CoreLimit: true, coredump.Dumpable: true}
	if !s.Process.Self {
		delete(s.Process.Facts, coredump.UID)
		delete(s.Process.Facts, coredump.GID)
		return
	}
	keep[coredump.UID], keep[coredump.GID] = true, true
	for fact := range s.Process.Facts {
		if !keep[fact] {
			delete(s.Process.Facts, fact)
		}
	}
}

// Dumpable is what PR_GET_DUMPABLE(2const) says of a process.
type dumpable int

const (
	notDumpable dumpable = 0
	ordinary    dumpable = 1
	rootOnly    dumpable = 2 // its core is root's
)

// dumpable is that of the process. Of one that is not ordinary it is what fs.suid_dumpable
// says, which it got when it changed its ids; that it asked for 0 itself cannot be seen.
func (s *Subject) dumpable() dumpable {
	if !s.Process.Private {
		return ordinary
	}
	return dumpable(s.Kernel.SuidDumpable)
}

// unknown stands for what is not known in a path that is expanded.
const unknown = "\x01"

// expanded is the pattern with what is known.
func (s *Subject) expanded() []string {
	facts := coredump.Facts{}
	for _, specifier := range s.Pattern.Specifiers() {
		facts[specifier] = unknown
	}
	facts[coredump.PID] = unknown
	for specifier, value := range s.Process.Facts {
		facts[specifier] = value
	}
	if name, ok := s.Process.Facts[coredump.Executable]; !ok {
		facts[coredump.ExecutableName], facts[coredump.Executable] = unknown, unknown
	} else {
		facts[coredump.ExecutableName] = name
	}
	words, err := s.Pattern.Expand(facts, s.Kernel.UsesPID)
	if err != nil {
		return nil
	}
	return words
}

// target looks at what the pattern leads to.
func (d *procDir) target(s *Subject) {
	words := s.expanded()
	if s.NoCores || len(words) == 0 || words[0] == "" || s.Pattern.Problem(s.Kernel.UsesPID) != "" {
		return
	}
	t := &s.Target
	switch s.Pattern.Kind {
	case coredump.File:
		t.Path = s.Pattern.Glob(s.Process.Facts, s.Kernel.UsesPID)
		t.Exact = !strings.Contains(words[0], unknown)
		d.file(s, words[0])
	case coredump.Pipe:
		t.Path = words[0]
		lookAtProgram(s)
	case coredump.Socket, coredump.RequestSocket:
		t.Path = words[0]
		lookAtSocket(s)
	}
}

// initialRoot opens the root directory of the initial namespaces, where the kernel looks for
// programs and sockets; -1 if it cannot be seen from here.
func initialRoot(s *Subject) int {
	if s.Inside {
		return -1
	}
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err := unix.Open(procPath(kthreadd, "root"), flags, 0)
	if err != nil {
		fd, err = unix.Open("/", flags, 0)
	}
	if err != nil {
		return -1
	}
	return fd
}
