// Package atexec executes a program in the place of the running one with exactly the signal
// state that was asked for: mask, ignored signals, pending signals, and what else a program
// inherits that has to do with signals.
//
//	set, err := atexec.ParseSet("USR1,TERM")
//	change := &atexec.Change{Block: set}                 // what is to differ
//	in, err := intake.Start(os.Args)
//	h, err := atexec.Prepare(in, change, parent)         // sets all but mask, ignores and pending
//	fmt.Println(h.State())                               // what the program will inherit
//	err = h.Exec(path, argv, intake.Environ())           // does not return unless it fails
//
// execve(2) keeps the mask, the ignored signals, pending signals, limits, session and group,
// PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG and the coredump_filter; it resets handlers,
// alternate stacks and PR_SET_DUMPABLE. The Go runtime changes most of the first group for its
// own purposes: it unblocks signals in its threads, replaces inherited ignores by handlers,
// takes pending signals, raises RLIMIT_NOFILE. Package intake knows what was inherited, and
// this package puts it back: all other threads block all signals, every disposition is set, the
// pending signals are queued again with their siginfo, and the last two system calls are
// rt_sigprocmask and execve, by the thread whose mask the program inherits.
//
// A signal that was pending for the main thread alone is pending for the process afterwards;
// there is one thread after execve anyway. Of a standard signal that was pending for both, one
// is left.
package atexec
