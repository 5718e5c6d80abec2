package handler

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// maxSockets is how many descriptors of a process are looked at.
const maxSockets = 1 << 16

// freePorts closes the TCP sockets of the process, which it would keep for as long as its core
// is written. It needs the rights of ptrace(2), and the process that they belong to dumps core:
// it will not use them again. A port that it had bound becomes free for whoever sets
// SO_REUSEADDR, which servers do.
func (j *job) freePorts() {
	if j.process == nil {
		return
	}
	names, err := j.process.Descriptors(maxSockets)
	if err != nil {
		return
	}
	freed := 0
	for _, fd := range names {
		ours, err := unix.PidfdGetfd(j.pidfd, fd, 0)
		if err != nil {
			continue
		}
		if shut(ours) {
			freed++
		}
		_ = unix.Close(ours)
	}
	if freed > 0 {
		j.note("closed " + strconv.Itoa(freed) + " TCP sockets of pid " + strconv.Itoa(j.process.PID) + ", whose core is still written")
	}
}

// shut closes a socket for all who have it, if it is one of TCP, or of MPTCP, which servers in
// Go have.
func shut(fd int) bool {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil || domain != unix.AF_INET && domain != unix.AF_INET6 {
		return false
	}
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil || protocol != unix.IPPROTO_TCP && protocol != unix.IPPROTO_MPTCP {
		return false
	}
	// The closed socket stays bound to its port: this lets others bind it as well.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	return unix.Shutdown(fd, unix.SHUT_RDWR) == nil
}
