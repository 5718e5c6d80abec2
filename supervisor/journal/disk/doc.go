// Package disk writes the records of a journal to a file, and reads them back.
//
//	w, err := disk.Open("/var/lib/supervise/journal", 16<<20, report)
//	j.Resume(w.Earlier(4096))  // what earlier runs have left
//	j.RecordTo(w, header)      // each record is a line of JSON
//	...
//	w.Close(time.Second)
//
//	for record, err := range disk.Read(path) { ... }
//
// A goroutine of its own writes, so that whoever records never waits: if the disk is slow or
// full, records are lost, counted, and the file says so. The file is bounded: when it is
// about to be full, it is renamed to FILE.1, in the place of the one before, and a new one
// begins with a header, from which the steps in it can be replayed.
//
// The file is for its owner alone (mode 0600), as it says what services are called, who
// sends signals, and what hooks are run. It is neither opened through a symbolic link, nor
// if it is somebody else's.
package disk
