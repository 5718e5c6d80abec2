package board

import (
	"fmt"
	"testing"
)

func BenchmarkSnapshot500(b *testing.B) {
	dir := b.TempDir()
	w := create(b, dir, 500)
	for i := range 500 {
		s := full
		s.Name = fmt.Sprint("service-", i)
		w.Set(i, &s)
	}
	r := openBoard(b, dir)
	services := r.Snapshot(nil)
	b.ReportAllocs()
	for b.Loop() {
		services = r.Snapshot(services)
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
