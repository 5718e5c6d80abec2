// Package deliver sends a signal to exactly the process that was meant, and finds out what
// became of it as far as that can be seen without tracing.
//
//	p, err := deliver.Open(pid)                 // a pidfd: whoever gets the pid later, it is not meant
//	before, err := p.Look(signals.SIGTERM)
//	will := predict.Of(sending, &before)
//	err = p.Send(sending, nil)
//	was := p.Settle(sending, will, 100*time.Millisecond)
//	fate, ended := p.Await(time.Minute)         // its exit code, also of a process that is no child
//
// Group, Tree and Cgroup find the processes of a set; each is then sent to by its own pidfd, so
// that a set is no snapshot: a process that is forked meanwhile may be missed.
package deliver
