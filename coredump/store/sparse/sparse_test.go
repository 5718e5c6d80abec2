package sparse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/iotest"
)

func newFile(t testing.TB) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// pages makes data: a letter is a page that it fills, a dot is one of zeros.
func pages(text string) (data []byte) {
	for _, c := range []byte(text) {
		if c == '.' {
			c = 0
		}
		data = append(data, bytes.Repeat([]byte{c}, page)...)
	}
	return data
}

func onDisk(t testing.TB, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

func read(t testing.TB, file *os.File) []byte {
	t.Helper()
	data, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHoles says which zeros are left out.
func TestHoles(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		data int64 // in pages
	}{
		{nil, 0},
		{pages("."), 0},
		{pages("a"), 1},
		{pages("a.b"), 3},
		{pages("a...b"), 5},
		{pages("a....b"), 2},
		{pages("a...."), 1},
		{pages("a."), 1},
		{pages("....a"), 1},
		{pages("...a"), 4},
		{append(pages("a...."), 'b'), 1},
		{append(pages("a...."), 0), 1},
	} {
		file := newFile(t)
		w := NewWriter(file, nil)
		_, _ = w.Write(c.in)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, file); !bytes.Equal(got, c.in) {
			t.Errorf("%d bytes became %d others", len(c.in), len(got))
		}
		if w.Data()/page != c.data || w.Size() != int64(len(c.in)) {
			t.Errorf("of %d bytes %d are data, want %d pages", len(c.in), w.Data(), c.data)
		}
	}
}

// TestAnyPieces writes the same data in pieces of any size, by any way, and gets the same file.
func TestAnyPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 40 {
		size := r.IntN(5 << 20)
		want := make([]byte, size)
		for range r.IntN(20) {
			at := r.IntN(size + 1)
			for i := at; i < min(size, at+r.IntN(1<<17)); i++ {
				want[i] = byte(i)
			}
		}
		file := newFile(t)
		w := NewWriter(file, nil)
		for at := 0; at < size; {
			n := min(size-at, 1+r.IntN(3<<r.IntN(21)))
			piece := want[at : at+n]
			switch {
			case IsZero(piece) && r.IntN(2) == 0:
				_ = w.Skip(int64(n))
			case r.IntN(3) == 0:
				_, _ = w.ReadFrom(iotest.HalfReader(bytes.NewReader(piece)))
			default:
				_, _ = w.Write(piece)
			}
			at += n
			if w.Size() != int64(at) {
				t.Fatalf("round %d: size %d, want %d", round, w.Size(), at)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, file), want) {
			t.Fatalf("round %d: it is not what was written", round)
		}
		copied := newFile(t)
		c := NewWriter(copied, nil)
		if err := errors.Join(Copy(t.Context(), c, file, int64(size), nil), c.Close()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, copied), want) || onDisk(t, copied) > onDisk(t, file)+1<<16 {
			t.Fatalf("round %d: the copy is not the same", round)
		}
	}
}

var errEnough = errors.New("enough")

// TestAllow ends where it is told to, and keeps what came before.
func TestAllow(t *testing.T) {
	left := 2 * BufferSize
	file := newFile(t)
	w := NewWriter(file, func(n int) error {
		if left -= n; left < 0 {
			return errEnough
		}
		return nil
	})
	_, err := w.ReadFrom(io.LimitReader(endless{}, 8<<20))
	if !errors.Is(err, errEnough) {
		t.Error(err)
	}
	if _, err := w.Write([]byte("more")); !errors.Is(err, errEnough) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, errEnough) {
		t.Error(err)
	}
	if got := read(t, file); len(got) != 2*BufferSize || got[len(got)-1] != 'x' {
		t.Errorf("%d bytes are there", len(got))
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// TestHuge takes a terabyte of zeros at no cost.
func TestHuge(t *testing.T) {
	file := newFile(t)
	w := NewWriter(file, nil)
	_, _ = w.Write([]byte("begin"))
	if err := errors.Join(w.Skip(1<<40), w.Close()); err != nil {
		t.Fatal(err)
	}
	if w.Size() != 1<<40+5 || onDisk(t, file) > 1<<20 {
		t.Errorf("%d bytes, %d on the disk", w.Size(), onDisk(t, file))
	}
	var n counter
	if err := Copy(t.Context(), &n, file, w.Size(), nil); err != nil || n.data > 1<<21 || n.zeros+n.data != w.Size() {
		t.Errorf("copied %d bytes and %d zeros: %v", n.data, n.zeros, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Copy(ended, &n, file, w.Size(), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type counter struct{ data, zeros int64 }

func (c *counter) Write(b []byte) (int, error) { c.data += int64(len(b)); return len(b), nil }
func (c *counter) Skip(n int64) error          { c.zeros += n; return nil }

// BenchmarkWrite is how fast a core of 256 MiB comes through a pipe's buffers, with shares of
// zeros in runs of 64 KiB. "look" writes nothing.
func BenchmarkWrite(b *testing.B) {
	for _, percent := range []int{0, 50, 100} {
		core := make([]byte, 256<<20)
		r := rand.New(rand.NewPCG(1, 2))
		for at := 0; at < len(core); at += 64 << 10 {
			if r.IntN(100) >= percent {
				for i := at; i < at+64<<10; i += 8 {
					core[i] = byte(i) | 1
				}
			}
		}
		b.Run(fmt.Sprintf("zeros=%d%%", percent), func(b *testing.B) {
			b.SetBytes(int64(len(core)))
			for range b.N {
				b.StopTimer()
				file := newFile(b)
				b.StartTimer()
				w := NewWriter(file, nil)
				_, _ = w.Write(core)
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				_ = os.Remove(file.Name())
				_ = file.Close()
				b.StartTimer()
			}
		})
		b.Run(fmt.Sprintf("look/zeros=%d%%", percent), func(b *testing.B) {
			b.SetBytes(int64(len(core)))
			for range b.N {
				for at := 0; at < len(core); {
					if z := leadingZeros(core[at:min(at+BufferSize, len(core))]); z > 0 {
						at += z
						continue
					}
					at += dataRun(core[at:min(at+BufferSize, len(core))])
				}
			}
		})
	}
}
