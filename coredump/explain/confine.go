package explain

import (
	"errors"
	"runtime"
	"syscall"
)

// Confine gives up what is not needed to read a core and the files that it names, for the
// whole process and for good: no other process can be made, nothing can be sent to one, no
// file can be written but those that are open, no socket made, no program executed. It does so
// with a filter of system calls, seccomp(2), which is cheap enough for a command that is over
// in milliseconds; on a kernel without them, by becoming the user nobody.
//
// size is that of the core, in bytes; what is printed may be as large.
func Confine(size int64) error {
	// no_new_privs is of the thread, and the filter gives it to the others.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return ConfineInit(size)
}

// ConfineInit is Confine for an init function, which is locked to its thread already: to lock
// it once more would have the runtime make one more thread.
func ConfineInit(size int64) error {
	if err := restrict(limits{data: 4 << 30, space: 64 << 30, output: max(size, 1<<30), files: 4096}); err != nil {
		return err
	}
	if err := filter(true); err == nil {
		return nil
	}
	return becomeNobody()
}

// ConfineChild does the same for the child process that explains cores unasked: it is nobody
// in addition, and can open no file at all.
func ConfineChild() error {
	if err := restrict(limits{data: 2 << 30, space: 32 << 30, output: MaxReport, files: 2 * MaxModules, seconds: 60}); err != nil {
		return err
	}
	if err := becomeNobody(); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := filter(false); err != nil && !errors.Is(err, syscall.ENOSYS) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// MaxReport is how large a report can be, in bytes of JSON.
const MaxReport = 256 << 20

// confineError says which privilege could not be given up.
type confineError struct {
	what string
	err  error
}

func (e *confineError) Error() string { return e.what + ": " + e.err.Error() }
func (e *confineError) Unwrap() error { return e.err }

// limits are in bytes, processor seconds, and numbers.
type limits struct{ data, space, output, files, seconds int64 }

// restrict lowers the limits of the process. Threads are processes for RLIMIT_NPROC, and the
// runtime makes some: that no process is made is for the filter.
func restrict(l limits) error {
	for _, one := range []struct {
		resource int
		value    int64
	}{
		{syscall.RLIMIT_CORE, 0},
		{syscall.RLIMIT_DATA, l.data},
		{syscall.RLIMIT_AS, l.space},
		{syscall.RLIMIT_FSIZE, l.output},
		{syscall.RLIMIT_NOFILE, l.files},
		{syscall.RLIMIT_CPU, l.seconds},
	} {
		if one.value == 0 && one.resource == syscall.RLIMIT_CPU {
			continue
		}
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(one.resource, &limit); err != nil {
			return &confineError{"cannot read a resource limit", err}
		}
		value := min(uint64(one.value), limit.Max)
		limit = syscall.Rlimit{Cur: value, Max: value}
		if err := syscall.Setrlimit(one.resource, &limit); err != nil {
			return &confineError{"cannot lower a resource limit", err}
		}
	}
	return nil
}

// nobody is the overflow user, who owns nothing: user_namespaces(7).
const nobody = 65534

// becomeNobody takes all privileges from the process, if it has any.
func becomeNobody() error {
	if syscall.Geteuid() != 0 {
		return nil
	}
	for _, err := range []error{syscall.Setgroups(nil), syscall.Setresgid(nobody, nobody, nobody), syscall.Setresuid(nobody, nobody, nobody)} {
		if err != nil {
			return &confineError{"cannot give up root's privileges before a core is read", err}
		}
	}
	return nil
}
