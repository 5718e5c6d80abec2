package elfcore_test

import (
	"bytes"
	"io"
	"math"
	"path/filepath"
	"testing"

	"supervise/coredump/elfcore"
)

// FuzzHead reads anything as a core: neither a panic, nor more than is there.
func FuzzHead(f *testing.F) {
	files, err := filepath.Glob(cores + "/*.core")
	if err != nil || len(files) == 0 {
		f.Fatal("no cores", err)
	}
	const enough = 12 << 10 // the head, and some memory
	for _, file := range files {
		text := read(f, filepath.Base(file))
		f.Add(text[:min(len(text), enough)])
	}
	f.Add(withLoads(-1, program{kind: load, vaddr: 1 << 12, offset: 1 << 60, fileSize: 1 << 61, fullSize: 1 << 62}))
	f.Add(withLoads(0xffff, program{kind: load, vaddr: 1 << 12, fullSize: 1 << 12}))
	f.Fuzz(func(t *testing.T, text []byte) {
		core, err := elfcore.Open(bytes.NewReader(text), int64(len(text)))
		h, err2 := elfcore.ReadHead(io.MultiReader(bytes.NewReader(text)))
		if (err == nil) != (err2 == nil) {
			t.Fatal(err, err2)
		}
		if err != nil {
			return
		}
		checkHead(t, &core.Head, len(text))
		checkHead(t, h, len(text))
		b := make([]byte, 64)
		for i, s := range core.Segments {
			if i > 100 {
				break
			}
			for _, addr := range []uint64{s.Start, s.Start - 8, s.End() - 8, s.Start + uint64(s.FileSize)} {
				if n, err := core.ReadMemory(b, addr); (err == nil) != (n == len(b)) {
					t.Fatal(n, err)
				}
			}
		}
		_, _ = core.ReadMemory(b, math.MaxUint64)
	})
}

func checkHead(t *testing.T, h *elfcore.Head, size int) {
	t.Helper()
	for _, s := range h.Segments {
		if s.Size > math.MaxUint64-s.Start || s.FileSize < 0 || s.FileOffset < 0 || uint64(s.FileSize) > s.Size || s.FileSize > 0 && s.FileOffset+s.FileSize > h.Expected() {
			t.Fatalf("%+v", s)
		}
	}
	// The same notes may be read again and again, up to the number of segments for notes.
	if len(h.Segments) > size/56 || len(h.NoteData) > 64*size || len(h.Problems) > 16 {
		t.Fatalf("%d segments, %d bytes of notes of %d bytes", len(h.Segments), len(h.NoteData), size)
	}
}

// FuzzNotes reads anything as notes.
func FuzzNotes(f *testing.F) {
	files, err := filepath.Glob(cores + "/*.core")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		core := open(f, read(f, filepath.Base(file)))
		f.Add(core.NoteData, core.Machine == elfcore.ARM64)
	}
	f.Fuzz(func(t *testing.T, data []byte, arm64 bool) {
		machine := elfcore.AMD64
		if arm64 {
			machine = elfcore.ARM64
		}
		n := elfcore.ParseNotes(machine, data)
		if len(n.Threads) > len(data)/100 || len(n.Files) > len(data)/25 || len(n.Auxv) > len(data)/16 {
			t.Fatalf("%d threads, %d files, %d entries of %d bytes", len(n.Threads), len(n.Files), len(n.Auxv), len(data))
		}
		for _, m := range n.Files {
			if m.Start >= m.End {
				t.Fatalf("%+v", m)
			}
		}
		size := 0
		for note := range elfcore.EachNote(data) {
			size += len(note.Whole)
		}
		if size > len(data) {
			t.Fatalf("%d bytes of notes in %d", size, len(data))
		}
	})
}

// BenchmarkReadMemory reads a word, as an unwinder does, of a core with as many segments as
// vm.max_map_count allows.
func BenchmarkReadMemory(b *testing.B) {
	const n = 65_500
	text := withLoads(-1, many(n, func(i int) program {
		return program{kind: load, vaddr: uint64(i) << 13, offset: 4096, fileSize: 4096, fullSize: 4096}
	})...)
	core := open(b, text)
	word := make([]byte, 8)
	for i := 0; b.Loop(); i++ {
		if _, err := core.ReadMemory(word, uint64(i%n)<<13); err != nil {
			b.Fatal(err)
		}
	}
}
