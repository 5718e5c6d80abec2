// Package relay waits for signals, forwards those about which nothing has to be decided, and reaps:
// the loop of an init.
//
//	r.Init(set, pid)
//	r.Name(child, true)                   // Wait reaps, and returns SIGCHLD when this one has ended
//	r.To(child, forwarded)
//	for {
//	    signal := r.Wait(relay.Forever)   // one that is not forwarded, with its siginfo in r.Info
//	}
//
// The same loop runs in two places. In package intake the Go runtime takes it for a system call,
// and has no part in it until Wait returns. In package nucleus it runs before there is
// a runtime. So Wait neither allocates nor grows the stack, and calls nothing but the kernel.
//
// It is early: see cmd/supervise/preinit.
package relay
