// Package collector takes the cores of a machine, or of a supervisor's services, in the best
// way that the kernel and its core_pattern allow.
//
//	c, err := collector.Open(collector.Options{
//		Want:      collector.Auto,
//		Directory: "/run/supervise",
//		Decide:    func(crash collector.Crash) order.Order { ... },
//		Progress:  func(o order.Order, p order.Progress) { ... },
//	})
//	c.Held() // Way "socket", with requests, since core_pattern is @@/run/supervise/core.sock
//
// The ways, best first, each with what it needs:
//
//	@@socket  Linux 6.17, the initial mount namespace  the kernel asks what to do, and waits
//	@socket   Linux 6.16, the initial mount namespace  the kernel sends the core, and waits
//	pipe      our handler in core_pattern              the kernel starts the handler, which asks us
//	files     a file pattern                           a core is looked for after the process has ended
//	off       nothing
//
// Nothing runs while nothing crashes: one goroutine waits in accept(2). Each crash gets a
// process of its own, `supervise core handler` (package handler), with an [order.Order] from
// Options.Decide; at most Options.Handlers run at once, and the crashes beyond wait: their
// processes stay as they are. What a handler tells is passed on to Options.Progress, and of one
// that ends without its last word, the collector says that word: of each crash that was
// decided on, Progress gets exactly one [order.Stored].
//
// The handlers are children of this process. They may be reaped by whoever reaps here (package
// supervisor takes every zombie): the collector learns of their end by their pidfd.
//
// A process that waits in accept(2) for its own core would wait for ever: while a collector has
// a socket, its process is not dumpable (PR_SET_DUMPABLE). A core of one of its handlers, or of
// what they have started, such as a hook, is refused.
package collector
