// Package sparse writes files that take no place on the disk for their zeros.
//
//	w := sparse.NewWriter(file, nil)  // file is new and empty
//	n, err := w.ReadFrom(pipe)        // or Write, or Skip
//	err = w.Close()                   // gives the file its size
//
// A core that comes through a socket or a pipe has every page that was never touched as
// zeros; the file has holes there, as one that the kernel writes itself. Copy reads the data of
// a file with holes only.
package sparse
