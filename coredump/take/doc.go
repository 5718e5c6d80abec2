// Package take makes a core of a process that lives, and goes on living.
//
//	snapshot, err := take.Stop(pid, take.Options{})
//	summary, err := snapshot.WriteFull(file, nil)  // or WriteMini
//
// # How long the process is stopped
//
// A core of 700 MB takes a second, and nobody wants a server stopped for that. So the process
// stands only while its registers, the list of its mappings, its stacks and its small segments
// are copied, what package mini keeps: about a millisecond, more with thousands of threads or
// mappings, or where a thread of it that wants to run has to wait for a processor: it stands
// only once it has got one. The rest of the memory is copied while the process runs again.
//
// So what is consistent is what belongs to the backtraces. A large segment, such as the heap,
// is as it was at some time between the stop and the end of the copy, each page at its own:
// two objects may contradict each other. Options.Consistent keeps the process stopped until all
// is copied.
//
// The way of forking the process and copying the child, which is consistent, was measured: the
// fork alone takes 15 to 40 ms at 700 MB, and afterwards the process pays for each page that it
// writes to.
//
// # What the process notices
//
// It is stopped with ptrace(2), without a signal; nothing in it is changed, and no code is put
// into it. If the process that takes the core is killed, even by SIGKILL, the kernel lets the
// other go on. A system call that waits is restarted, but for those that always end with EINTR
// after a stop, such as epoll_wait(2): signal(7), "Interruption of system calls and library
// functions by stop signals". A process that was stopped by a signal stays so.
package take
