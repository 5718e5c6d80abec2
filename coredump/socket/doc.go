// Package socket speaks the kernel's coredump socket: a core_pattern of "@/path", Linux 6.16,
// or "@@/path", Linux 6.17. A process that dumps core connects to the Unix socket, as itself,
// and writes its core there.
//
//	listener, err := socket.Listen("/run/supervise", "core.sock", 4096)
//	conn, err := listener.Accept()                       // a descriptor
//	pidfd, cred, err := socket.Peer(conn)                // whose core it is
//	err = socket.Acknowledge(file, socket.Kernel|socket.Wait) // "@@" alone
//	io.Copy(to, file)                                    // the core
//	file.Close()                                         // ends the process
//
// With "@@" the kernel first says what it can do, in a [Request], and waits, however long, for
// an acknowledgement. What becomes of the process, as tests of this package hold it against
// the running kernel:
//
//	acknowledged               the kernel                            WCOREDUMP in the wait status
//	Kernel                     writes the core, ends the process     yes
//	Kernel|Wait                and waits until we close              yes
//	  closed before the end    stops writing, ends the process       yes
//	Userspace                  writes nothing, ends the process      yes
//	Userspace|Wait             and waits until we close              yes
//	Reject                     writes nothing, ends the process      no
//	closed without any         ends the process                      no
//	refused by a [Mark]        ends the process                      no
//
// With "@" the kernel writes at once, and WCOREDUMP is always set. Without a listener, or when
// its backlog is full, nothing is written, and WCOREDUMP is not set.
//
// The struct sizes are the kernel's to extend: a larger [Request] is read whole and understood
// by its first members; what a mask does not offer is not acknowledged. include/uapi/linux/coredump.h.
package socket
