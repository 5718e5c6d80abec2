package atexec

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Dumpable says why a program would not be dumpable once it is executed, nil if it would be. The
// attribute of the process does not matter, as execve(2) sets it: PR_SET_DUMPABLE of prctl(2),
// begin_new_exec in the kernel's fs/exec.c.
func Dumpable(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	setID := st.Mode&unix.S_ISUID != 0 && int(st.Uid) != unix.Getuid() ||
		st.Mode&unix.S_ISGID != 0 && st.Mode&unix.S_IXGRP != 0 && int(st.Gid) != unix.Getgid()
	switch {
	case setID:
		return fmt.Errorf("%s is set-user-ID or set-group-ID: execve makes such programs not dumpable (fs.suid_dumpable)", path)
	case hasCapabilities(path):
		return fmt.Errorf("%s has file capabilities: execve makes such programs not dumpable (fs.suid_dumpable)", path)
	case unix.Getuid() != unix.Geteuid() || unix.Getgid() != unix.Getegid():
		return fmt.Errorf("real and effective ids differ: execve makes programs of such processes not dumpable (fs.suid_dumpable)")
	case unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK, unix.AT_EACCESS) != nil:
		return fmt.Errorf("%s may be executed but not read: execve makes such programs not dumpable (fs.suid_dumpable)", path)
	}
	return nil
}

func hasCapabilities(path string) bool {
	if unix.Geteuid() == 0 {
		return false // they give root nothing that it does not have
	}
	size, err := unix.Getxattr(path, "security.capability", nil)
	return err == nil && size > 0
}

// prctlGet is one of the calls of prctl(2) that store an int.
func prctlGet(option int, into *int32) error {
	return unix.Prctl(option, uintptr(unsafe.Pointer(into)), 0, 0, 0)
}
