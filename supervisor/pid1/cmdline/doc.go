// Package cmdline has the command lines of supervise init: its own, and those of the programs
// that it replaces when it is called by their name (tini, docker-init, dumb-init, catatonit).
//
//	if index, args, ok := cmdline.Select(argv); ok {    // by argv[0], or "supervise init"
//	syscall.Exit(cmdline.Main(argv, index, args))
//	}
//
// The environment and the arguments make one pid1.Options, which pid1.Run carries out.
// Arguments that cannot be used get the same message as from the original program.
//
// A command line is a table of flags, one file each, from which arguments are parsed and help
// texts made. What the flags do is not known here: that is package pid1. It is early: see
// cmd/supervise/preinit. No map is made, and nothing is read that was not asked for.
//
// [Line.Read], which is all of this but the words, does not even allocate: package nucleus
// calls it before there is a Go runtime. What is wrong with a command line is a kind and the
// texts that it is about, and is put into words only if [Parse] is asked to.
package cmdline
