// Package disk writes the records of a journal to a file, and reads them back.
//
//	w, err := disk.Open("/var/lib/supervise/journal", 16<<20, report)
//	earlier, bad := w.Earlier(4096)  // the entries of earlier runs
//	j.Resume(earlier)
//	j.RecordTo(w, header)            // from now on each record is a line of JSON
//	...
//	w.Close(time.Second)
//
//	for record, err := range disk.Read(path) { ... }
//
// A goroutine does the writing, so that Record never waits: if the disk is too slow or full,
// records are lost, and the file says how many. The size of the file is bounded: when it is
// nearly full, it is renamed to FILE.1, replacing an older one, and a new file begins with a
// header, from which its steps can be replayed.
//
// Only the owner may read the file (mode 0600), as it tells who sends signals, and which
// hooks are run. It is not opened through a symbolic link, or if it belongs to another user.
package disk
