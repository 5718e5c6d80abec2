package logs

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkFile is the speed of log lines of 100 bytes from a process into rotated files:
// in writes of 64 KiB, and a line a write.
func BenchmarkFile(b *testing.B) {
	for _, size := range []int{65536, 100} {
		for _, format := range []Format{Text, JSON} {
			b.Run(fmt.Sprintf("write=%d/format=%d", size, format), func(b *testing.B) {
				l, err := New(Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close(context.Background())
				p, err := l.File(filepath.Join(b.TempDir(), "log"), format, Rotation{MaxSize: 16 << 20, Keep: 2})
				if err != nil {
					b.Fatal(err)
				}
				s, e, err := p.Attach("web")
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				c := start(b, e, fmt.Sprintf("flood %d %d", b.N*size, size))
				if err := c.Wait(); err != nil {
					b.Fatal(err)
				}
				done := make(chan struct{})
				s.Drain(1e9*60, func(Drained) { close(done) })
				<-done
				b.StopTimer()
				if got := p.Stats().Bytes; format == Text && got != uint64(b.N*size) && got != uint64(b.N*size+1) {
					b.Fatalf("%d bytes written, want %d", got, b.N*size)
				}
			})
		}
	}
}
