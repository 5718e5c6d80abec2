// Package plain answers plain commands before there is a Go runtime.
//
// Of a short command, typed by hand or repeated by a script, most of the time was the start of the
// program, and not what the supervisor did. So package nucleus, which the program begins with, has
// these answered here:
//
//	supervise status [NAME...] [--board]
//	supervise start | stop | restart | reload | pause | continue NAME...
//	supervise signal NAME SIGNAL
//	supervise version
//
// all but the last also with --runtime-dir DIRECTORY. The status is read from the status board, and
// of services that are named also from /proc. Any other command is a request to the supervisor,
// and the answers are its progress and outcome.
//
// Whatever is not plain is left to the full subcommand, after the runtime has started: another flag,
// a mistake, no supervisor or one that is stopped, no such service, no permission, more to show
// than the board has, text that is not ASCII, more services or names than there is memory for. Nothing
// is refused or explained here, and the two ways differ in nothing but speed. A request is sent
// only once: if its answer takes longer than a second, or is not plain, package client goes on with
// the same request ([wire.Begun]), from where it stands.
//
// Both ways share their code: package status has the record and the table, segment
// the board, wire the protocol and the directory. What is called here allocates nothing, as
// the doc of package nucleus explains. It is early: see cmd/supervise/preinit.
package plain
