// Package store keeps the cores of crashed processes: a directory with one directory for each
// crash.
//
//	DIR/.store             says that it is a store; the lock of whoever removes something
//	DIR/ID/meta.json       the report, and what the store notes beside it
//	DIR/ID/mini, mini.zst  the small core that was taken first
//	DIR/ID/core, core.zst  the full one, with holes for pages of zeros
//	DIR/ID/writing         there while it is being written, locked by who does
//
//	s, err := store.Create("/var/lib/supervise/cores")   // store.Open, to read
//	e, err := s.Begin(store.Crash{Report: r, Limits: limits, Reader: uid})
//	m, err := e.Mini()        // an io.Writer
//	err = m.Close()
//	f, err := e.Full(head.Expected())
//	_, err = f.ReadFrom(connection)   // a *LimitError: it ends there, and is kept as truncated
//	err = f.Close()
//	r, err = e.Finish(r)
//	err = item.Compress(ctx, limits.KeepFree)
//
// # What holds at any time
//
// An entry comes into being complete with its meta.json, under its name, by rename(2), and goes
// the same way. One whose file writing is not locked was left behind by a process that was
// killed: it is told as truncated, and the next entry that ends finishes it. What
// [Store.List] says of sizes it has from the files, so that it is true when they were cut or
// removed since.
//
// The limits ([order.Limits]) hold while a core is written: each few megabytes what all
// entries take is added up, and the file system is asked what is left. When there is too
// little, the oldest full cores go first, of the same service if that is over its limit; the
// small core and the report of the same crash stay. What is being written, and what a newer
// version of supervise has left, stays. A core that does not fit even so is cut, and says why.
// Small cores and reports are written whatever the limits; when all of them take more than half
// of max-use, the oldest entries go as a whole, and so does what is older than max-age.
//
// Nothing waits for the disk, but a compressed core before it takes the place of the other: a
// core that is compressed right away may never have been on the disk as it was.
//
// # Whose it is
//
// Directories and files belong to the user of the collector, who is alone in reading them
// (0700, 0600). A user whose ordinary process crashed may read what is kept of it: by an access
// control list, acl(5), since who owns a file could change it while root reads it, or hold its
// lock. Where the file system has no lists, root alone reads it.
//
// Whatever else is in the directory is left alone, and a directory with other files in it does
// not become a store. Links in it are not followed.
package store
