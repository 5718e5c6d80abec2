// Package segment is the status board as it lies in shared memory, and the file that says
// where: package board has the layout in words. It is apart from that package for what reads
// the board before the rest of the program is initialised: see cmd/supervise/preinit. It neither
// makes a segment nor waits for a change.
//
//	file, err := segment.Find(dir)
//	view, err := file.Attach()
//	var service status.Service
//	complete := view.Load(0, &service)
//	view.Detach()
package segment
