// Package plain answers plain commands before there is a Go runtime.
//
// Who looks how things stand, or has them changed, by hand or from a script again and again,
// waits for the program's start more than for the supervisor. So package nucleus, which the
// program begins with, has these answered here:
//
//	supervise status [NAME...] [--board]
//	supervise start | stop | restart | reload | pause | continue NAME...
//	supervise signal NAME SIGNAL
//	supervise version
//
// all but the last with --runtime-dir DIRECTORY or without. Services are read from the status
// board, those that are named with what /proc says of their processes. A command is a
// request to the supervisor and one answer, which has the outcomes.
//
// Whatever is not plain goes on into the runtime, where the subcommand has a word for
// everything: another flag, a mistake, no supervisor or one that is stopped, no such service,
// no permission, more to say than the board has, text that is not ASCII. Nothing is refused or
// explained here, and the two ways differ in nothing but speed. A request that was sent
// is not sent again: what has come of it, if anything, is left to package client
// ([wire.Begun]), which goes on waiting.
//
// It is one code that both ways have: package status has the record and the table, segment
// the board, wire the protocol and the directory. What is called here allocates nothing, as
// the doc of package nucleus explains. It is early: see cmd/supervise/preinit.
package plain
