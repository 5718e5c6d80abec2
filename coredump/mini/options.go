package mini

import (
	"supervise/coredump/elfcore"
)

// Options bound a small core. A member that is 0 stands for its default.
type Options struct {
	Stack   int64 // bytes of one stack: 256 KiB
	Segment int64 // bytes of a segment that is kept whole: 64 KiB
	Memory  int64 // bytes of memory in all: 4 MiB
	Threads int   // threads that are kept at all: 1,024
}

const (
	defaultStack   = 256 << 10
	defaultSegment = 64 << 10
	defaultMemory  = 4 << 20
	defaultThreads = 1024

	// maxEmpty is how many segments stand in the core that have none of their memory in it.
	maxEmpty = 8192
	// maxNotes is how many bytes of notes are kept. They come thread by thread.
	maxNotes = 8 << 20
)

func (o Options) withDefaults() Options {
	set := func(value *int64, standard int64) {
		if *value <= 0 {
			*value = standard
		}
	}
	set(&o.Stack, defaultStack)
	set(&o.Segment, defaultSegment)
	set(&o.Memory, defaultMemory)
	if o.Threads <= 0 {
		o.Threads = defaultThreads
	}
	return o
}

// Summary says what is in a small core.
type Summary struct {
	Size    int64 // bytes of the file
	Memory  int64 // bytes of memory in it
	Threads int
	// LeftOut says what there was no room for: "412 threads of 1436".
	LeftOut []string
}

// Core is a small core in memory.
type Core struct {
	Summary Summary
	head    elfcore.Head
	chunks  []chunk // in the order of addresses
}
