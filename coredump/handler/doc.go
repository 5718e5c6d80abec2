// Package handler is the process that takes one core: `supervise core handler`.
//
// It is started by a collector (package collector), which tells it by an [order.Order] what to
// do, or by the kernel, as the pipe of core_pattern; then it asks the collector for its order,
// by the socket that core_pattern names:
//
//	|/usr/bin/supervise core handler /run/supervise/core.sock p=%P t=%I s=%s d=%d f=%F /var/lib/supervise/cores
//
// If nobody listens there, it keeps the core in the directory that stands last, if any.
//
// Before anything else it makes itself undumpable, so that its own crash asks nobody for a
// handler. Then, of a core that is being written:
//
//  1. The kernel's request is acknowledged: it shall write the core, and wait for us to close.
//  2. The head of the core is read, and from the memory of the process, which stays as it is,
//     a small core is made; from /proc the facts that are in no core.
//  3. With capture "mini" the connection is closed, and the process ends. Released is told.
//  4. The small core is explained in a confined process. Explained is told.
//  5. The full core is written, sparse and within the limits. Closing the connection ends
//     the process. Stored is told.
//  6. The full core is compressed, if asked for, at the lowest priority.
//  7. The hook on-core is run.
//
// SIGTERM cuts the full core short and leaves out what follows; so does the end of the order's
// timeout. What has come is kept as truncated, with the reason. Whoever reads slowly holds up
// the process that dumps core, and nobody else.
//
// # The hook
//
// The hook gets the report as JSON on its standard input, the same as of `core info --format
// json`. It runs as the handler does: as root where supervise does, in /, in a session of its
// own, with SUPERVISE_CORE, SUPERVISE_SERVICE and a PATH as its whole environment, for at most
// 30 seconds. What it writes, up to 4 KiB, goes into the log.
//
// # WCOREDUMP
//
// The wait status of the process says that it dumped core if one was taken, be it a small one
// only; with "@@" it does not say so if the order refuses the core. The other ways leave no
// choice: the kernel says so whenever a handler was there.
package handler
