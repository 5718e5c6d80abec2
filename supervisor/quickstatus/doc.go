// Package quickstatus answers "supervise status" before the rest of the program is initialised.
//
// Who looks how things stand, by hand or from a script again and again, waits for the
// program's start more than for the supervisor. So the plain question is answered from
// here, with little more than the Go runtime ready:
//
//	supervise status [--runtime-dir DIRECTORY] [--board] [NAME...]
//
// Services are read from the status board, with what /proc says of their processes. Where
// that is not everything (package segment knows: no board, a text that was cut) the
// supervisor is asked. What comes of either is printed as a table. Whatever is not plain
// (another flag, a mistake, no supervisor, no such service, no permission, no answer within
// a moment) is left to subcommand status, which goes on as if this package were not there,
// or with the answer that came, and has a word for everything. So nothing is refused or
// explained here, and the two ways differ in nothing but speed, and in that the board also
// answers for a supervisor that is stopped, and to those who may only read. What they have
// in common they share: package wire talks to the supervisor, package where knows its
// directory, package status has the record, its JSON and the table.
//
// It is early: see cmd/supervise/preinit.
package quickstatus
