// Package safefile opens files by paths that other users can change, for a process that has
// more rights than they do.
//
//	text, err := safefile.Read(path, 1<<20, safefile.Ours)   // no stranger had a hand in it
//	text, err := safefile.ReadAs(who, path, 1<<20)           // whatever who may read
//	dir, err := safefile.OpenDir(path, safefile.OurLinks)    // to write in
//	fd, err := dir.OpenLog(name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT, 0o640)
//	err = dir.Rename(name, name+".1")
//	dir.Close()
//
// A path is walked component by component, each opened below the one before (openat(2)) and
// looked at through its descriptor, so that nobody can swap one after it was looked at. A
// [Rule] says whose the components must be. A [*RefusedError] names the component that breaks
// the rule, whose it is, and what to do about it.
//
// Where all of the path must merely be free of symbolic links, openat2(2) says so in one
// call; without it (before Linux 5.6, below some seccomp filters) the walk finds out the same.
//
// Files are read only if they are regular, no further than a limit, and without waiting: what
// never ends (/proc/kmsg) or has no writer (a FIFO) is an error. A file system that does not
// answer can still hold up the caller.
//
// It keeps no secret from root, and takes the owner of "/" for one of us: in a user namespace
// the files of the host's root belong to nobody in particular.
package safefile
