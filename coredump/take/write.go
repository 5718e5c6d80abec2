package take

import (
	"bytes"
	"fmt"
	"io"

	"supervise/coredump/elfcore"
)

// File is where a full core goes: an *os.File.
type File interface {
	io.WriterAt
	Truncate(size int64) error
}

// Summary says what has become of a full core.
type Summary struct {
	Size    int64 // bytes of the file, with holes
	Written int64 // bytes that are no hole
	Missing int64 // bytes that could not be read: the process has ended, or has unmapped them
	Threads int
	LeftOut []string
}

// WriteFull writes a full core into an empty file. Pages that were never touched, or have only
// zeros, become holes. progress, unless it is nil, is told now and then how many bytes of
// Summary.Size are done.
func (s *Snapshot) WriteFull(file File, progress func(done int64)) (Summary, error) {
	w := writer{Snapshot: s, file: file, progress: progress, buffer: make([]byte, bufferSize)}
	w.summary = Summary{Size: s.Head.Expected(), Threads: len(s.Head.Notes.Threads), LeftOut: s.LeftOut}
	n, err := s.Head.WriteTo(io.NewOffsetWriter(file, 0))
	w.summary.Written = n
	if err != nil {
		return w.summary, err
	}
	pages, err := openPages(s.pid)
	if err != nil {
		return w.summary, gone(s.pid)
	}
	defer pages.file.Close()
	for i := range s.Head.Segments {
		segment := &s.Head.Segments[i]
		if segment.FileSize == 0 {
			continue
		}
		if err := w.segment(segment, pages, s.maps[i].private() && s.maps[i].anonymous()); err != nil {
			return w.summary, err
		}
		if progress != nil {
			progress(segment.FileOffset + segment.FileSize)
		}
	}
	if w.summary.Missing > 0 {
		why := "the process has unmapped them"
		if w.ended {
			why = "the process has ended"
		}
		w.summary.LeftOut = append(w.summary.LeftOut, fmt.Sprintf("%d bytes: %s", w.summary.Missing, why))
	}
	return w.summary, file.Truncate(w.summary.Size)
}

const bufferSize = 1 << 20

// hole is the least that becomes a hole.
const hole = 4096

type writer struct {
	*Snapshot
	file     File
	progress func(int64)
	buffer   []byte
	summary  Summary
	ended    bool // the process, and its memory with it
}

func (w *writer) segment(s *elfcore.Segment, pages *pages, sparse bool) error {
	end := s.Start + uint64(s.FileSize)
	do := func(e extent) error { return w.extent(s, e) }
	if !sparse {
		return do(extent{s.Start, end})
	}
	// What was copied while it stood is there even if the process has given it back since.
	var failed error
	w.small.Each(s.Start, end, func(start, end uint64) {
		if failed == nil {
			failed = do(extent{start, end})
		}
	})
	if failed != nil {
		return failed
	}
	err := pages.each(s.Start, end, do)
	if err == errTooLarge {
		w.summary.LeftOut = append(w.summary.LeftOut, fmt.Sprintf("the segment at %#x, which %v", s.Start, err))
		return nil
	}
	return err
}

// extent copies a part of a segment.
func (w *writer) extent(s *elfcore.Segment, e extent) error {
	for at := e.start; at < e.end; {
		b := w.buffer[:min(uint64(len(w.buffer)), e.end-at)]
		b = w.read(b, at)
		if err := w.write(b, s.FileOffset+int64(at-s.Start)); err != nil {
			return err
		}
		at += uint64(len(b))
		if w.progress != nil {
			w.progress(s.FileOffset + int64(at-s.Start))
		}
	}
	return nil
}

// read reads memory, and returns how far it has come, with zeros for what is missing.
func (w *writer) read(b []byte, addr uint64) []byte {
	n := 0
	if !w.ended {
		var err error
		if n, err = w.memory.ReadAt(b, int64(addr)); n == len(b) {
			w.small.Fill(b, addr)
			return b
		}
		w.ended = err == io.EOF
	}
	// Where the process has no page any more, the next may be there again.
	if !w.ended {
		b = b[:min(n&^(hole-1)+hole, len(b))]
	}
	clear(b[n:])
	missing := len(b) - n
	for at := n; at < len(b); at += hole - at%hole {
		if w.small.Fill(b[at:min(at+hole-at%hole, len(b))], addr+uint64(at)) > 0 {
			missing -= min(hole-at%hole, len(b)-at)
		}
	}
	w.small.Fill(b, addr)
	w.summary.Missing += int64(missing)
	return b
}

var zeros [hole]byte

// write writes what is not zero.
func (w *writer) write(b []byte, offset int64) error {
	for from := 0; from < len(b); {
		to := from
		for to < len(b) && !zero(b[to:min(to+hole, len(b))]) {
			to = min(to+hole, len(b))
		}
		if to > from {
			n, err := w.file.WriteAt(b[from:to], offset+int64(from))
			w.summary.Written += int64(n)
			if err != nil {
				return err
			}
		}
		from = min(to+hole, len(b))
	}
	return nil
}

func zero(b []byte) bool { return bytes.Equal(b, zeros[:len(b)]) }
