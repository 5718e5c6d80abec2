package logs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkFile is the speed of log lines of 100 bytes from a process into rotated files:
// in writes of 64 KiB, and a line a write.
func BenchmarkFile(b *testing.B) {
	for _, size := range []int{65536, 100} {
		for _, format := range []Format{Text, JSON} {
			b.Run(fmt.Sprintf("write=%d/format=%d", size, format), func(b *testing.B) {
				l := newLogs(b, nil)
				p, err := l.File(filepath.Join(b.TempDir(), "log"), Config{Format: format, Rotation: Rotation{MaxSize: 16 << 20, Keep: 2}})
				if err != nil {
					b.Fatal(err)
				}
				s, e := attach(b, p, "web")
				b.SetBytes(int64(size))
				b.ReportAllocs()
				c := start(b, e, fmt.Sprintf("flood %d %d", b.N*size, size))
				if err := c.Wait(); err != nil {
					b.Fatal(err)
				}
				drain(b, s)
				b.StopTimer()
				if got := p.Stats().Bytes; format == Text && got != uint64(b.N*size) && got != uint64(b.N*size+1) {
					b.Fatalf("%d bytes written, want %d", got, b.N*size)
				}
			})
		}
	}
}

// BenchmarkAttach is what a new generation costs the caller, and its end the pump.
func BenchmarkAttach(b *testing.B) {
	l := newLogs(b, nil)
	p := into(b, l, layout{named: true}, newMemory())
	b.ReportAllocs()
	for b.Loop() {
		_, e := attach(b, p, "svc")
		e.Close()
	}
}

// BenchmarkConsole is the cost of formatting and writing one line of 100 bytes that is
// already read.
func BenchmarkConsole(b *testing.B) {
	line := strings.Repeat("x", 99) + "\n"
	for _, l := range []layout{{named: true, width: 8, color: true}, {format: JSON}, {}} {
		b.Run(fmt.Sprintf("%+v", l), func(b *testing.B) {
			source := bare("svc", l, discard{newMemory()})
			p := source.pump.Load()
			p.work = newWork()
			defer p.work.free()
			block := strings.Repeat(line, readSize/len(line))
			copy(p.work.in[MaxLine:], block)
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			for b.Loop() {
				p.load(&source.streams[0], len(block))
				p.flush()
			}
		})
	}
}

type discard struct{ *memory }

func (discard) write(b []byte) (int, error) { return len(b), nil }

// BenchmarkKeep is what it costs a pump to keep what it has read, a line of 100 bytes or
// 64 KiB of such lines, when nobody follows and when somebody does.
func BenchmarkKeep(b *testing.B) {
	line := strings.Repeat("x", 99) + "\n"
	for _, lines := range []int{1, readSize / len(line)} {
		for followers := range 2 {
			b.Run(fmt.Sprintf("lines=%d/followers=%d", lines, followers), func(b *testing.B) {
				s := bare("svc", layout{}, newMemory())
				for range followers {
					s.pump.Load().logs.Follow("svc", 0, func([]Line) {})
				}
				block := []byte(strings.Repeat(line, lines))
				b.SetBytes(int64(len(block)))
				b.ReportAllocs()
				for b.Loop() {
					s.streams[0].remember(block, time.Now())
				}
			})
		}
	}
}
