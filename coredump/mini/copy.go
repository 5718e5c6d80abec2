package mini

import (
	"encoding/binary"
	"fmt"
	"io"

	"supervise/coredump/elfcore"
)

var order = binary.LittleEndian

// Copy takes a small core of a process. head is what the kernel or package take has said of
// it. memory is its memory by address: /proc/PID/mem, or a [Reader]. Nothing of either is used
// afterwards.
func Copy(head *elfcore.Head, memory io.ReaderAt, o Options) *Core {
	o = o.withDefaults()
	threads := head.Notes.Threads
	c := &Core{}
	if len(threads) > o.Threads {
		c.leftOut("%d threads of %d", len(threads)-o.Threads, len(threads))
		threads = threads[:o.Threads]
	}
	s := newSpace(head.Segments, memory, o.Memory)
	p := plan{space: s, head: head, threads: threads, o: o}
	p.stacks()
	p.libraries()
	p.vdso()
	p.crash()
	p.descriptors()
	p.buildIDs()
	p.small()
	if s.refused > 0 {
		c.leftOut("%d bytes of memory", s.refused)
	}
	c.chunks = s.chunks
	c.compose(head, s.segments, threads)
	return c
}

// Write copies a small core, as [Copy] does, and writes it.
func Write(w io.Writer, head *elfcore.Head, memory io.ReaderAt, o Options) (Summary, error) {
	c := Copy(head, memory, o)
	_, err := c.WriteTo(w)
	return c.Summary, err
}

func (c *Core) leftOut(format string, args ...any) {
	c.Summary.LeftOut = append(c.Summary.LeftOut, fmt.Sprintf(format, args...))
}

// compose makes the head of the small core.
func (c *Core) compose(head *elfcore.Head, segments []elfcore.Segment, threads []elfcore.Thread) {
	c.head = elfcore.Head{Machine: head.Machine, Flags: head.Flags}
	c.head.NoteData = c.notes(head.NoteData, threads)
	empty := len(segments) <= maxEmpty
	if !empty {
		c.leftOut("the list of %d segments without memory", len(segments))
	}
	chunks := c.chunks
	for i := range segments {
		chunks = c.split(&segments[i], chunks, empty)
	}
	// The segments are those of addresses below 2^63 and of files below that: it has room.
	_ = c.head.Layout()
	c.Summary.Threads = len(threads)
	for _, chunk := range c.chunks {
		c.Summary.Memory += int64(len(chunk.data))
	}
	c.Summary.Size = c.head.Expected()
}

// split adds a segment, divided into parts of which all or nothing is in the core.
func (c *Core) split(segment *elfcore.Segment, chunks []chunk, empty bool) (rest []chunk) {
	at := segment.Start
	add := func(end uint64, copied bool) {
		part := elfcore.Segment{Flags: segment.Flags, Start: at, Size: end - at}
		if copied {
			part.FileSize = int64(part.Size)
		}
		if part.Size > 0 && (copied || empty) {
			c.head.Segments = append(c.head.Segments, part)
		}
		at = end
	}
	for len(chunks) > 0 && chunks[0].start < segment.End() {
		add(chunks[0].start, false)
		end := chunks[0].end()
		for chunks = chunks[1:]; len(chunks) > 0 && chunks[0].start == end && end < segment.End(); chunks = chunks[1:] {
			end = chunks[0].end()
		}
		add(end, true)
	}
	add(segment.End(), false)
	return chunks
}

// notes returns the notes that are kept: all but those of threads that are left out, with the
// names of the threads.
func (c *Core) notes(data []byte, threads []elfcore.Thread) []byte {
	kept := make([]byte, 0, min(len(data), maxNotes))
	seen := 0
	for note := range elfcore.EachNote(data) {
		if note.Owner == elfcore.Owner {
			continue
		}
		if note.Type == elfcore.NoteStatus && note.Owner == "CORE" {
			seen++
		}
		if seen > len(threads) && ofThread(note) {
			continue
		}
		if len(kept)+len(note.Whole) > maxNotes {
			c.leftOut("%d bytes of notes", len(data)-len(kept))
			break
		}
		kept = append(kept, note.Whole...)
	}
	return elfcore.AppendNames(kept, threads)
}

// ofThread reports whether a note is about a thread and not about the process.
func ofThread(note elfcore.Note) bool {
	switch note.Type {
	case elfcore.NoteProcess, elfcore.NoteAuxv, elfcore.NoteFiles:
		return false
	}
	return true
}

// WriteTo writes the core: Summary.Size bytes.
func (c *Core) WriteTo(w io.Writer) (int64, error) {
	written, err := c.head.WriteTo(w)
	if err != nil {
		return written, err
	}
	chunks := c.chunks
	for i := range c.head.Segments {
		segment := &c.head.Segments[i]
		if segment.FileSize == 0 {
			continue
		}
		n, err := w.Write(make([]byte, segment.FileOffset-written))
		written += int64(n)
		for err == nil && len(chunks) > 0 && chunks[0].start < segment.End() {
			n, err = w.Write(chunks[0].data)
			written += int64(n)
			chunks = chunks[1:]
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// Reader makes a memory for [Copy] of a core that is complete.
func Reader(core *elfcore.Core) io.ReaderAt { return reader{core} }

type reader struct{ core *elfcore.Core }

func (r reader) ReadAt(b []byte, addr int64) (int, error) { return r.core.ReadMemory(b, uint64(addr)) }
