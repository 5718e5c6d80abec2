// Package cmdline is the command lines of supervise init: its own, and those of the
// programs that it stands in for when it is called by their name (tini, docker-init,
// dumb-init, catatonit).
//
//	the base name of argv[0] says which
//	what the environment asks for, then what the arguments do
//	both make one pid1.Options; what cannot be used is told as that program would
//	pid1.Run
//
// A command line is a table of flags, one file each, from which arguments are read and help
// texts made. What the flags do is not known here: that is package pid1.
//
// It stands on the path of every container's start: no map is made, nothing is read that
// was not asked for.
package cmdline
