// Package first runs what people wait for before the rest of the program is initialised:
// supervise init, also by the names of the programs that it stands in for, and the plain
// question of supervise status.
//
// A container's start waits for init, and a script, or somebody at a terminal, for status.
// Both need none of what the other subcommands are built with. To link that is cheap, but
// to initialise it is not: the tables of unicode, the time zone, the command-line library
// and all the rest cost more than everything that init does itself. The language says in
// which order packages are initialised: by import path, each as soon as all that it imports
// are. What init and status need imports nothing that sorts behind "supervise", which the
// lattice test watches, so that this package's turn comes before that of "time", "unicode",
// "os" and all that need them.
//
// For any other subcommand, and for all of status that package glance leaves to it, it does
// nothing, and main goes on as usual.
package first
