package board

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"
)

// aligned copies bytes to where a segment may be.
func aligned(text []byte) []byte {
	words := make([]uint64, len(text)/8+1)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(text))
	copy(memory, text)
	return memory
}

// FuzzReader reads segments that a madman has written.
func FuzzReader(f *testing.F) {
	b := create(f, f.TempDir(), 2)
	b.Set(0, &full)
	f.Add(b.view.memory[:headerSize+2*slotSize])
	f.Add(b.view.memory)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 {
			return
		}
		v, err := newView(aligned(text))
		if err != nil {
			if !errors.Is(err, ErrLayout) {
				t.Error(err)
			}
			return
		}
		for _, s := range v.snapshot(nil) {
			if len(s.Name) > maxName || len(s.State) > maxState || len(s.Sender) > maxSender {
				t.Errorf("%+v", s)
			}
		}
	})
}

func BenchmarkSnapshot500(b *testing.B) {
	dir := b.TempDir()
	w := create(b, dir, 500)
	for i := range 500 {
		s := full
		s.Name = fmt.Sprint("service-", i)
		w.Set(i, &s)
	}
	r := openBoard(b, dir)
	slots := r.Snapshot(nil)
	b.ReportAllocs()
	for b.Loop() {
		slots = r.Snapshot(slots)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/service")
}

func BenchmarkSet(b *testing.B) {
	w := create(b, b.TempDir(), 1)
	s := full
	b.ReportAllocs()
	for b.Loop() {
		s.Restarts++
		w.Set(0, &s)
	}
}

func BenchmarkPublish(b *testing.B) {
	w := create(b, b.TempDir(), 1)
	for b.Loop() {
		w.dirty = true
		if err := w.Publish(); err != nil {
			b.Fatal(err)
		}
	}
}
