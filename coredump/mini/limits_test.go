package mini_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"supervise/coredump/elfcore"
	"supervise/coredump/mini"
)

var le = binary.LittleEndian

// pattern is memory that is there everywhere: each word is its address.
type pattern struct{}

func (pattern) ReadAt(b []byte, addr int64) (int, error) {
	for i := range b {
		var word [8]byte
		at := uint64(addr) + uint64(i)
		le.PutUint64(word[:], at&^7)
		b[i] = word[at&7]
	}
	return len(b), nil
}

// process makes a head of threads with a stack each, in segments of 8 MB.
func process(threads int) *elfcore.Head {
	const stack = 8 << 20
	h := &elfcore.Head{Machine: elfcore.AMD64}
	for i := range threads {
		start := uint64(1+i) << 32
		h.Segments = append(h.Segments, elfcore.Segment{Flags: elfcore.Read, Start: start, Size: stack, FileSize: stack})
		d := make([]byte, 336)
		le.PutUint32(d[32:], uint32(1000+i))
		le.PutUint64(d[112+8*19:], start+stack-64<<10) // rsp
		h.NoteData = elfcore.AppendNote(h.NoteData, "CORE", elfcore.NoteStatus, d)
		h.NoteData = elfcore.AppendNote(h.NoteData, "CORE", elfcore.NoteFloat, make([]byte, 512))
	}
	h.NoteData = elfcore.AppendNote(h.NoteData, "CORE", elfcore.NoteAuxv, make([]byte, 16))
	h.Notes = elfcore.ParseNotes(h.Machine, h.NoteData)
	return h
}

func written(t *testing.T, h *elfcore.Head, memory io.ReaderAt, o mini.Options) (*elfcore.Core, mini.Summary) {
	t.Helper()
	var b bytes.Buffer
	summary, err := mini.Write(&b, h, memory, o)
	if err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != summary.Size {
		t.Errorf("%d bytes, and it says %d", b.Len(), summary.Size)
	}
	core, err := elfcore.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if core.Expected() != summary.Size {
		t.Errorf("%d bytes are expected of %d", core.Expected(), summary.Size)
	}
	return core, summary
}

// However many threads there are, a core stays within its limits, has something of each stack
// that is kept, and says what it leaves out.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		threads, kept int
		o             mini.Options
		memory        int64 // at most
		stack         int   // of the last thread, at least
		leftOut       string
	}{
		{3, 3, mini.Options{}, 4 << 20, 64 << 10, ""},
		{3, 3, mini.Options{Stack: 8 << 10}, 4 << 20, 4 << 10, ""},
		{200, 200, mini.Options{}, 4 << 20, 8 << 10, ""},
		{1500, 1024, mini.Options{Memory: 5 << 20}, 5 << 20, 512, "476 threads of 1500"},
		{50, 10, mini.Options{Threads: 10}, 4 << 20, 64 << 10, "40 threads of 50"},
		{100, 100, mini.Options{Memory: 128 << 10}, 128 << 10, 0, "bytes of memory"},
	} {
		h := process(tt.threads)
		began := time.Now()
		core, summary := written(t, h, pattern{}, tt.o)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%d threads took %v", tt.threads, took)
		}
		if summary.Threads != tt.kept || len(core.Notes.Threads) != tt.kept || summary.Memory > tt.memory {
			t.Errorf("%d threads: %d kept, %+v", tt.threads, len(core.Notes.Threads), summary)
		}
		if all := strings.Join(summary.LeftOut, "\n"); (all == "") != (tt.leftOut == "") || !strings.Contains(all, tt.leftOut) {
			t.Errorf("%d threads: left out %q, want %q", tt.threads, all, tt.leftOut)
		}
		sp := core.Notes.Threads[tt.kept-1].Registers.SP()
		b, want := make([]byte, 64<<10), make([]byte, 64<<10)
		n, _ := core.ReadMemory(b, sp)
		_, _ = pattern{}.ReadAt(want, int64(sp))
		if n < tt.stack || !bytes.Equal(b[:n], want[:n]) {
			t.Errorf("%d threads: %d bytes of the last stack, want %d", tt.threads, n, tt.stack)
		}
		if len(core.Segments) < tt.threads {
			t.Errorf("%d threads: %d segments", tt.threads, len(core.Segments))
		}
	}
}

// Segments without memory are left out where they are very many; the others stay.
func TestManySegments(t *testing.T) {
	h := process(2)
	for i := range 100_000 {
		h.Segments = append(h.Segments, elfcore.Segment{Start: uint64(i+1) << 40, Size: 4096})
	}
	core, summary := written(t, h, pattern{}, mini.Options{})
	if len(core.Segments) > 10 || len(summary.LeftOut) != 1 || !strings.Contains(summary.LeftOut[0], "100002 segments") {
		t.Errorf("%d segments, %+v", len(core.Segments), summary)
	}
	if n, err := core.ReadMemory(make([]byte, 8), core.Notes.Threads[1].Registers.SP()); n != 8 {
		t.Error(n, err)
	}
}

// Segments that overlap do not multiply what is written.
func TestOverlap(t *testing.T) {
	h := process(1)
	for range 60_000 {
		h.Segments = append(h.Segments, h.Segments[0])
	}
	_, summary := written(t, h, pattern{}, mini.Options{})
	if summary.Size > 5<<20 {
		t.Errorf("%+v", summary)
	}
}

// gone is memory whose process has ended, or that fails after some bytes.
type gone int

func (g gone) ReadAt(b []byte, addr int64) (int, error) {
	n, _ := pattern{}.ReadAt(b[:min(int(g), len(b))], addr)
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

// What cannot be read is left out; no part of the core is something else.
func TestUnreadable(t *testing.T) {
	for _, g := range []gone{0, 100, 4096, 5000} {
		core, summary := written(t, process(3), g, mini.Options{})
		if len(core.Notes.Threads) != 3 || summary.Memory > 8*int64(g) || g < 4096 && summary.Memory > 0 {
			t.Errorf("%d: %+v", g, summary)
		}
	}
}

// FuzzCopy takes small cores of anything that can be read as one.
func FuzzCopy(f *testing.F) {
	for _, name := range []string{"kernel-amd64.core", "mini-arm64.core", "taken-amd64.core"} {
		f.Add(readCore(f, name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		core, err := elfcore.Open(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return
		}
		const most = 64 << 10
		small, summary := written(t, &core.Head, mini.Reader(core), mini.Options{Memory: most})
		if summary.Memory > most || len(small.Notes.Threads) > len(core.Notes.Threads) {
			t.Fatalf("%+v", summary)
		}
		small, again := written(t, &core.Head, pattern{}, mini.Options{Memory: most})
		if again.Memory > most {
			t.Fatalf("%+v", again)
		}
		b := make([]byte, 16)
		for i, s := range small.Segments {
			if n, err := small.ReadMemory(b, s.Start); i < 100 && int64(n) < min(s.FileSize, 16) {
				t.Fatal(n, err)
			}
		}
	})
}
