// Package actor starts processes that do nothing but the system calls they are told to.
//
//	theatre, err := actor.Open()
//	a, err := theatre.Start(nil)                  // a process with default signals, nothing blocked
//	n, err := a.Call(unix.SYS_GETPID)             // what the system call returned there
//	err = a.Begin(unix.SYS_PAUSE)                 // one that may block; a.Result() waits for it
//	b, err := a.Fork(0)                           // its child, another actor
//
// An experiment with signals needs a process whose signals nobody else touches. A Go program
// is none: its runtime catches most signals, unblocks some in each thread and interrupts
// system calls. An actor has no runtime and no C library. It is a static ELF file, which
// [Open] builds in memory out of five small functions of assembly (actor_amd64.s):
//
//	entry      begins to serve
//	serve      reads a system call from its channel, makes it, writes back what it returned
//	note       a signal handler: writes its siginfo_t to the log of the theatre, and returns
//	hold       the same, but then serves until it is told to return
//	restorer   returns from a handler: rt_sigreturn(2)
//
// So a handler that holds is a place where the actor stands still within a handler, for as
// long as an experiment wants to look. A system call that a signal interrupts returns EINTR
// to the experiment; only reading the channel is done again.
//
// What has to be told with pointers is in the memory of the actor, from [Scratch] on, which
// [Actor.Write] fills and [Actor.Read] reads.
package actor
