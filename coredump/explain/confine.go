package explain

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Confine gives up what is not needed to read a core and the files that it names, for the
// whole process and for good: no other process can be made, nothing can be sent to one, no
// file can be written but those that are open, no socket made, no program executed. It does so
// with a filter of system calls, seccomp(2), which is cheap enough for a command that is over
// in milliseconds; on a kernel without them, by becoming the user nobody.
//
// size is that of the core, in bytes; what is printed may be as large.
func Confine(size int64) error {
	if err := restrict(limits{data: 4 << 30, space: 64 << 30, output: max(size, 1<<30), files: 4096}); err != nil {
		return err
	}
	if err := filter(true); err == nil {
		return nil
	}
	return becomeNobody()
}

// confineChild does the same for the child process that explains cores unasked: it is nobody
// in addition, and can open no file at all.
func confineChild() error {
	if err := restrict(limits{data: 2 << 30, space: 32 << 30, output: maxReport, files: 2 * maxModules, seconds: 60}); err != nil {
		return err
	}
	if err := becomeNobody(); err != nil {
		return err
	}
	if err := filter(false); err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// limits are in bytes, processor seconds, and numbers.
type limits struct{ data, space, output, files, seconds int64 }

// restrict lowers the limits of the process. Threads are processes for RLIMIT_NPROC, and the
// runtime makes some: that no process is made is for the filter.
func restrict(l limits) error {
	for _, one := range []struct {
		resource int
		value    int64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_DATA, l.data},
		{unix.RLIMIT_AS, l.space},
		{unix.RLIMIT_FSIZE, l.output},
		{unix.RLIMIT_NOFILE, l.files},
		{unix.RLIMIT_CPU, l.seconds},
	} {
		if one.value == 0 && one.resource == unix.RLIMIT_CPU {
			continue
		}
		var limit unix.Rlimit
		if err := unix.Prlimit(0, one.resource, nil, &limit); err != nil {
			return fmt.Errorf("cannot read a resource limit: %w", err)
		}
		value := min(uint64(one.value), limit.Max)
		limit = unix.Rlimit{Cur: value, Max: value}
		if err := unix.Prlimit(0, one.resource, &limit, nil); err != nil {
			return fmt.Errorf("cannot lower a resource limit: %w", err)
		}
	}
	return nil
}

// nobody is the overflow user, who owns nothing: user_namespaces(7).
const nobody = 65534

// becomeNobody takes all privileges from the process, if it has any.
func becomeNobody() error {
	if unix.Geteuid() != 0 {
		return nil
	}
	for _, err := range []error{unix.Setgroups(nil), unix.Setresgid(nobody, nobody, nobody), unix.Setresuid(nobody, nobody, nobody)} {
		if err != nil {
			return fmt.Errorf("cannot give up root's privileges before a core is read: %w", err)
		}
	}
	return nil
}
