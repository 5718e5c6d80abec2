package elfcore_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"supervise/coredump/elfcore"
)

// forged is a core made by hand.
type forged struct {
	programs []program
	count    int // of program headers, in the ELF header; -1 for as many as there are
	sections uint64
	notes    []byte // behind the program headers
	tail     []byte // behind the notes
}

type program struct {
	kind, flags                       uint32
	offset, vaddr, fileSize, fullSize uint64
}

const load, note = 1, 4

var le = binary.LittleEndian

func (f forged) notesAt() uint64 { return 64 + 56*uint64(len(f.programs)) }

func (f forged) bytes() []byte {
	b := []byte("\x7fELF\x02\x01\x01")
	b = append(b, make([]byte, 9)...)
	b = le.AppendUint16(b, 4)
	b = le.AppendUint16(b, uint16(elfcore.AMD64))
	b = le.AppendUint32(b, 1)
	for _, n := range []uint64{0, 64, f.sections} {
		b = le.AppendUint64(b, n)
	}
	count := f.count
	if count < 0 {
		count = len(f.programs)
	}
	b = le.AppendUint32(b, 0)
	for _, n := range []int{64, 56, count, 64, 1, 0} {
		b = le.AppendUint16(b, uint16(n))
	}
	for _, p := range f.programs {
		b = le.AppendUint32(b, p.kind)
		b = le.AppendUint32(b, p.flags)
		for _, n := range []uint64{p.offset, p.vaddr, 0, p.fileSize, p.fullSize, 4096} {
			b = le.AppendUint64(b, n)
		}
	}
	return append(append(b, f.notes...), f.tail...)
}

func status(tid uint32) []byte {
	d := make([]byte, 336)
	le.PutUint32(d[32:], tid)
	return elfcore.AppendNote(nil, "CORE", elfcore.NoteStatus, d)
}

// withNotes is a core of notes alone.
func withNotes(notes []byte) []byte {
	f := forged{programs: []program{{kind: note, fileSize: uint64(len(notes))}}, count: -1, notes: notes}
	f.programs[0].offset = f.notesAt()
	return f.bytes()
}

// withLoads is a core with segments, and notes that are in order.
func withLoads(count int, loads ...program) []byte {
	f := forged{programs: append([]program{{kind: note}}, loads...), count: count, notes: status(7)}
	f.programs[0].offset, f.programs[0].fileSize = f.notesAt(), uint64(len(f.notes))
	return f.bytes()
}

func many(n int, p func(i int) program) []program {
	programs := make([]program, n)
	for i := range programs {
		programs[i] = p(i)
	}
	return programs
}

func TestHostile(t *testing.T) {
	onePage := func(i int) program { return program{kind: load, vaddr: uint64(i) << 12, fullSize: 4096} }
	for name, tt := range map[string]struct {
		text     []byte
		segments int
		threads  int
		problem  string // "" for none
	}{
		"huge memory": {withLoads(-1, program{kind: load, vaddr: 1 << 12, fullSize: 1 << 62}), 1, 1, ""},
		"address overflows": {
			withLoads(-1, program{kind: load, vaddr: math.MaxUint64 - 10, fullSize: 4096}), 0, 1, "is damaged",
		},
		"offset overflows": {
			withLoads(-1, program{kind: load, offset: math.MaxUint64 - 10, fileSize: 4096, fullSize: 4096}), 0, 1, "is damaged",
		},
		"offset is negative": {
			withLoads(-1, program{kind: load, offset: 1 << 63, fileSize: 1, fullSize: 4096}), 0, 1, "is damaged",
		},
		"more in the file than in memory": {
			withLoads(-1, program{kind: load, offset: 4096, fileSize: 8192, fullSize: 4096}), 0, 1, "is damaged",
		},
		"beyond any file": {
			withLoads(-1, program{kind: load, offset: 1 << 61, fileSize: 1 << 61, fullSize: 1 << 62}), 1, 1, "cut short",
		},
		"fewer segments than it says": {withLoads(40_000, onePage(1)), 1, 1, "end after 8 of 40000"},
		"all of 65,535 segments":      {withLoads(0xffff, many(70_000, onePage)...), 70_000, 1, ""},
		"no segments":                 {forged{count: 0}.bytes(), 0, 0, "no notes"},
		"a note without an end":       {withNotes(append(status(7), "\x05\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00CORE"...)), 0, 1, "damaged after"},
		"a note with an endless name": {withNotes(append(status(7), "\xff\xff\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00CORE"...)), 0, 1, "damaged after"},
		"empty notes":                 {withNotes(append(status(7), make([]byte, 12<<10)...)), 0, 1, ""},
		"a short status":              {withNotes(elfcore.AppendNote(nil, "CORE", 1, make([]byte, 100))), 0, 0, "no notes"},
		"files without names":         {withNotes(elfcore.AppendNote(status(7), "CORE", elfcore.NoteFiles, bytes.Repeat([]byte{0xff}, 64))), 0, 1, ""},
		"notes again and again": {withLoads(-1, many(200, func(int) program {
			return program{kind: note, offset: 64 + 56*201, fileSize: uint64(len(status(7)))}
		})...), 0, 64, "more than 64 segments of notes"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			core := open(t, tt.text)
			if len(core.Segments) != tt.segments || len(core.Notes.Threads) != tt.threads || len(core.Problems) > 16 {
				t.Errorf("%d segments, %d threads, %q", len(core.Segments), len(core.Notes.Threads), core.Problems)
			}
			if all := strings.Join(core.Problems, "\n"); (all == "") != (tt.problem == "") || !strings.Contains(all, tt.problem) {
				t.Errorf("problems: %q, want %q", all, tt.problem)
			}
			for _, s := range core.Segments {
				_, _ = core.ReadMemory(make([]byte, 16), s.Start)
				_, _ = core.ReadMemory(make([]byte, 16), s.End()-8)
			}
			_, _ = core.ReadMemory(make([]byte, 16), math.MaxUint64)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestNoCore(t *testing.T) {
	object := append([]byte(nil), read(t, "kernel-amd64.core")...)
	object[16] = 3
	other := append([]byte(nil), object...)
	other[16], other[18] = 4, 243
	narrow := append([]byte(nil), object...)
	narrow[4] = 1
	for want, text := range map[string][]byte{
		"it is empty":        nil,
		"only 4 bytes":       []byte("\x7fELF"),
		"does not begin":     bytes.Repeat([]byte("x"), 100),
		"of type 3":          object,
		"of machine 243":     other,
		"not a core of a 64": narrow,
	} {
		if _, err := elfcore.Open(bytes.NewReader(text), int64(len(text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err := elfcore.ReadHead(bytes.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("stream: %v, want %q", err, want)
		}
	}
}

// Of segments that overlap, the one that begins first has the memory.
func TestOverlap(t *testing.T) {
	text := withLoads(-1,
		program{kind: load, vaddr: 0x3000, offset: 0x3000, fileSize: 0x1000, fullSize: 0x1000},
		program{kind: load, vaddr: 0x1000, offset: 0x1000, fileSize: 0x1800, fullSize: 0x1800},
		program{kind: load, vaddr: 0x2000, offset: 0x2000, fileSize: 0x1000, fullSize: 0x1000},
		program{kind: load, vaddr: 0x1100, offset: 0x1000, fileSize: 0x100, fullSize: 0x100},
	)
	text = append(text, make([]byte, 0x4000-len(text))...)
	for i := 0x1000; i < 0x4000; i += 8 {
		le.PutUint64(text[i:], uint64(i))
	}
	core := open(t, text)
	b := make([]byte, 0x3000)
	if n, err := core.ReadMemory(b, 0x1000); n != len(b) || err != nil {
		t.Fatal(n, err)
	}
	if !bytes.Equal(b, text[0x1000:]) {
		t.Error("not the memory that it should be")
	}
	if n, err := core.ReadMemory(b, 0x3ff0); n != 16 || err != elfcore.ErrNotDumped {
		t.Error(n, err)
	}
}

// A file of a terabyte of nothing costs no more than a small one.
func TestSparse(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "core")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 1 << 40
	text := withLoads(-1, program{kind: load, vaddr: 0x1000, offset: 4096, fileSize: size - 4096, fullSize: size})
	if _, err := f.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Skip(err)
	}
	core, err := elfcore.Open(f, size)
	if err != nil || len(core.Problems) > 0 {
		t.Fatal(core, err)
	}
	b := []byte("x")
	if n, err := core.ReadMemory(b, size-8192); n != 1 || err != nil || b[0] != 0 {
		t.Error(n, err)
	}
	// All of it could be notes.
	endless := forged{programs: []program{{kind: note, offset: 4096, fileSize: size - 4096}}, count: -1}.bytes()
	if _, err := f.WriteAt(endless, 0); err != nil {
		t.Fatal(err)
	}
	core, err = elfcore.Open(f, size)
	if err != nil || len(core.NoteData) > elfcore.MaxNotes {
		t.Errorf("%d bytes, %v", len(core.NoteData), err)
	}
}

// What is written is read back, however many segments there are.
func TestWrite(t *testing.T) {
	for _, n := range []int{0, 1, 3, 0xfffe - 1, 0xfffe, 0xffff, 70_000} {
		h := elfcore.Head{Machine: elfcore.ARM64, Flags: 5, NoteData: elfcore.AppendNames(nil, []elfcore.Thread{{TID: 1, Name: "far too long a name"}})}
		for i := range n {
			h.Segments = append(h.Segments, elfcore.Segment{Flags: elfcore.Read, Start: uint64(i) << 13, Size: 4096, FileSize: int64(i % 2 * 100)})
		}
		if err := h.Layout(); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		written, err := h.WriteTo(&b)
		if err != nil || written != int64(b.Len()) {
			t.Fatal(written, err)
		}
		b.Write(make([]byte, max(h.Expected()-written, 0)))
		for _, core := range []*elfcore.Head{&open(t, b.Bytes()).Head, head(t, b.Bytes())} {
			if len(core.Segments) != n || core.Flags != 5 || core.Machine != elfcore.ARM64 || !bytes.Equal(core.NoteData, h.NoteData) || len(core.Problems) != 1 {
				t.Errorf("%d segments: %d, %q", n, len(core.Segments), core.Problems)
			}
			for i := range core.Segments {
				if core.Segments[i] != h.Segments[i] {
					t.Fatalf("%+v, want %+v", core.Segments[i], h.Segments[i])
				}
			}
		}
	}
}

func head(t *testing.T, text []byte) *elfcore.Head {
	t.Helper()
	h, err := elfcore.ReadHead(io.MultiReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
