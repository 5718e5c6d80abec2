// Package recorder sees who sends signals to supervised processes, which the kernel tells
// nobody else: wait(2) has the number of the signal that ended a child, but no sender.
//
// A small program in the kernel (package internal/bpf) runs whenever a signal is generated. It
// passes by all but those for the processes of a [Scope], and of these all that neither
// end nor stop a process, or that it handles and sent itself. The rest become records in a ring,
// which wakes its reader only when it is half full: whoever wants to know reads when a child
// has ended, since a record is there before the process is a zombie.
//
//	helper:   recorder.Serve(socket, scope)     // a process that loads the program, and ends
//	reader:   r, err := recorder.Receive(socket)
//	          r.Read(func(s *recorder.Signal) { ... s.Cause() ... })
//
// Loading takes 40 ms and some megabytes, as the types of the whole kernel are searched. A
// helper does that and hands over the descriptors, so that the reader keeps only the ring. When
// the descriptors are closed, by the end of the reader too, the kernel forgets the program.
//
// [Signal.Cause] tells from a record how a signal came about: by kill(2), by cgroup.kill, by
// the OOM killer, by a fault, a timer, a limit, a terminal. [Memory] keeps the last ones.
//
// It traces nothing: what becomes of a signal later, and who sends to whom on the whole machine,
// is package signals/trace.
package recorder
