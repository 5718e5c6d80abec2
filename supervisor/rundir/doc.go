// Package rundir is the directory in which a running supervisor keeps its files, and the lock
// that allows one supervisor for each such directory. Both are out of reach for other users:
// the path leads through no directory or link of theirs, and they can neither write in the
// directory nor open the lock.
//
//	dir, err := rundir.Open(path)     // a *BusyError: another supervisor has it
//	defer dir.Close()
//	err = dir.Notify(tid)             // at each signal: dir.InPlace, and dir.Renew if it is false;
//	err = dir.Watch(changed)          // or by a call, where that cannot be had
//	dir.Root(), dir.ID(), dir.Killed()
//
// What is in the directory is up to packages control and board. Where clients look for it is
// package wire's.
package rundir
