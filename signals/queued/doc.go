// Package queued lists the signals that wait for a process and its threads, each with its
// sender and value. Nothing is consumed: each thread that has some, and one for those of the
// process, stands for about a fifth of a millisecond; all of them, if the process takes signals
// meanwhile.
//
//	list, err := queued.Peek(p)        // p is what procfs.Read says
//	for _, s := range list { ... s.Thread, s.Info, s.Lost }
//
// System calls that end with EINTR after any stop, such as epoll_wait, do so: signal(7).
package queued
