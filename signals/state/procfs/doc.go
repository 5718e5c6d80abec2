// Package procfs reads the state of signals from /proc, of processes, their threads and their
// children. It changes nothing and stops nobody.
//
//	p, err := procfs.Read(pid)
//	pids := procfs.Tree(pid)            // it, and all that descend from it
//
// What is read of several threads was not so at the same moment. A process that ends
// meanwhile, and another that gets its pid, is noticed: ErrGone.
//
// Everybody may read most of it. Only the same user, or root, sees what threads wait for and
// which descriptors of signalfd(2) there are.
package procfs
