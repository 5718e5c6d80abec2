// Package relay waits for signals, forwards those about which nothing has to be decided, and reaps:
// the loop of an init.
//
//	r.Init(set, pid)
//	r.To(child, forwarded)
//	for {
//	    signal := r.Wait(relay.Forever)   // one that is not to be forwarded, in r.Info
//	}
//
// Its one loop runs in two places. In package intake it is a system call in the eyes of the Go
// runtime, which takes no part until Wait returns. In package nucleus it runs before there is
// a runtime. So Wait neither allocates nor grows the stack, and calls nothing but the kernel.
//
// It is early: see cmd/supervise/preinit.
package relay
