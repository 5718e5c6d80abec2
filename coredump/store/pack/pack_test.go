package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"testing/iotest"
)

// likeMemory makes data as processes have it: pointers, text, zeros.
func likeMemory(size int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 0, size)
	for len(data) < size {
		switch r.IntN(4) {
		case 0:
			data = append(data, make([]byte, r.IntN(64<<10))...)
		case 1:
			data = fmt.Appendf(data, "GET /index.html?user=%d HTTP/1.1\r\nHost: example.org\r\n", r.IntN(1000))
		default:
			for range r.IntN(4000) {
				data = append(data, byte(r.Uint32()), byte(r.Uint32()), byte(r.IntN(16)), 0x55, 0x7f, 0, 0, 0)
			}
		}
	}
	return data[:size]
}

func packed(t testing.TB, o Options, parts ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, o)
	for _, part := range parts {
		var err error
		switch part := part.(type) {
		case []byte:
			if len(part)%2 == 0 {
				_, err = w.Write(part)
			} else {
				_, err = w.ReadFrom(iotest.HalfReader(bytes.NewReader(part)))
			}
		case int:
			err = w.Skip(int64(part))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Size() != w.Written() {
		t.Errorf("%d bytes taken, %d written", w.Size(), w.Written())
	}
	return out.Bytes()
}

func unpacked(t testing.TB, in []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Unpack(&out, bytes.NewReader(in), 1<<40); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRoundTrip packs data and zeros in all orders, for us and for zstd.
func TestRoundTrip(t *testing.T) {
	memory := likeMemory(5<<20 + 77)
	for i, parts := range [][]any{
		{},
		{[]byte("x")},
		{1},
		{maxBlock},
		{FrameSize - 1, 1, 1},
		{3*FrameSize + 5, memory},
		{memory, 3*FrameSize + 5},
		{memory, 100, memory, 7 << 20, []byte("end")},
		{maxZeros/1024 + 3, []byte("x"), FrameSize},
		{make([]byte, 2*FrameSize), memory, make([]byte, 2*FrameSize)},
	} {
		var want []byte
		for _, part := range parts {
			switch part := part.(type) {
			case []byte:
				want = append(want, part...)
			case int:
				want = append(want, make([]byte, part)...)
			}
		}
		for _, workers := range []int{0, 1, 4} {
			in := packed(t, Options{Workers: workers}, parts...)
			if got := unpacked(t, in); !bytes.Equal(got, want) {
				t.Fatalf("%d with %d workers: %d bytes, want %d", i, workers, len(got), len(want))
			}
			if zstd, err := exec.LookPath("zstd"); err == nil && len(want) > 0 {
				cmd := exec.Command(zstd, "-dcq")
				cmd.Stdin = bytes.NewReader(in)
				if got, err := cmd.Output(); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%d: zstd gives %d bytes, want %d: %v", i, len(got), len(want), err)
				}
			}
		}
	}
}

// TestZeros packs gigabytes of zeros, beyond the most of one frame.
func TestZeros(t *testing.T) {
	const size = maxZeros + 10<<20
	in := packed(t, Options{}, []byte("a"), size, []byte("b"))
	if len(in) > 100<<10 {
		t.Errorf("2 GiB of zeros take %d bytes", len(in))
	}
	var n count
	if err := Unpack(&n, bytes.NewReader(in), 1<<40); err != nil || n != size+2 {
		t.Errorf("%d bytes: %v", n, err)
	}
	if err := Unpack(&n, bytes.NewReader(in), 1<<20); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

type count int64

func (c *count) Write(b []byte) (int, error) { *c += count(len(b)); return len(b), nil }

// TestCut reads what was cut at any place: all frames that are whole.
func TestCut(t *testing.T) {
	memory := likeMemory(4 * FrameSize)
	in := packed(t, Options{}, memory)
	for _, size := range []int{0, 1, 3, len(in) / 4, len(in) / 2, len(in) - 1} {
		var out bytes.Buffer
		err := Unpack(&out, bytes.NewReader(in[:size]), 1<<40)
		if size > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", size, err)
		}
		if !bytes.HasPrefix(memory, out.Bytes()) || out.Len() < FrameSize*(size*4/len(in)-1) {
			t.Errorf("cut at %d of %d: %d bytes", size, len(in), out.Len())
		}
	}
	if err := Unpack(io.Discard, bytes.NewReader([]byte("this is no zstd at all")), 1<<40); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

var errFull = errors.New("full")

type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestFailure ends with the error of the file, and tells how much can be read.
func TestFailure(t *testing.T) {
	memory := likeMemory(16 * FrameSize)
	w := NewWriter(&full{left: len(packed(t, Options{}, memory)) / 2}, Options{})
	_, err := w.Write(memory)
	for err == nil {
		_, err = w.Write(memory)
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Skip(FrameSize), errFull) || !errors.Is(w.Close(), errFull) {
		t.Error(err)
	}
	if w.Written() == 0 || w.Written() >= w.Size() || w.Written()%FrameSize != 0 {
		t.Errorf("%d of %d bytes are written", w.Written(), w.Size())
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, Options{}, likeMemory(100<<10)))
	f.Add(packed(f, Options{}, 5*FrameSize))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, in []byte) {
		var n count
		_ = Unpack(&n, bytes.NewReader(in), 1<<20)
		if n > 1<<20 {
			t.Errorf("%d bytes came out", n)
		}
	})
}

// BenchmarkPack is inline compression, by one and by all processors, and `zstd -1` beside it.
func BenchmarkPack(b *testing.B) {
	memory := likeMemory(256 << 20)
	for _, workers := range []int{1, 0} {
		b.Run("workers="+strconv.Itoa(workers), func(b *testing.B) {
			b.SetBytes(int64(len(memory)))
			var n count
			for range b.N {
				n = 0
				w := NewWriter(&n, Options{Workers: workers})
				_, _ = w.Write(memory)
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(100*float64(n)/float64(len(memory)), "%left")
		})
	}
	b.Run("zeros", func(b *testing.B) {
		zeros := make([]byte, 256<<20)
		b.SetBytes(int64(len(zeros)))
		for range b.N {
			w := NewWriter(io.Discard, Options{})
			_, _ = w.Write(zeros)
			_ = w.Close()
		}
	})
	b.Run("zstd-1", func(b *testing.B) {
		zstd, err := exec.LookPath("zstd")
		if err != nil {
			b.Skip(err)
		}
		file := filepath.Join(b.TempDir(), "memory")
		if err := os.WriteFile(file, memory, 0o600); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(memory)))
		for range b.N {
			if err := exec.Command(zstd, "-1", "-qf", file, "-o", file+".zst").Run(); err != nil {
				b.Fatal(err)
			}
		}
		info, _ := os.Stat(file + ".zst")
		b.ReportMetric(100*float64(info.Size())/float64(len(memory)), "%left")
	})
}
