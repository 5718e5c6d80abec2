package store

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"supervise/coredump/order"
	"supervise/coredump/report"
)

// BenchmarkBegin is what a crashed process waits for: an entry with a small core of 200 KB, in
// a store that has none, or a thousand.
func BenchmarkBegin(b *testing.B) {
	for _, others := range []int{0, 1000} {
		b.Run("entries="+strconv.Itoa(others), func(b *testing.B) {
			s := newStore(b)
			for range others {
				keep(b, s, Crash{Report: report.Report{Service: "web"}}, nil, "small")
			}
			mini := noise(200 << 10)
			b.ResetTimer()
			for range b.N {
				own, err := Create(s.Path()) // as each handler does
				if err != nil {
					b.Fatal(err)
				}
				e, err := own.Begin(Crash{Limits: order.Limits{MaxUse: 1 << 40, KeepFree: 1}})
				if err != nil {
					b.Fatal(err)
				}
				m, err := e.Mini()
				if err != nil {
					b.Fatal(err)
				}
				_, err = m.Write(mini)
				if err := errors.Join(err, m.Close()); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				_ = e.Abort()
				own.Close()
				b.StartTimer()
			}
		})
	}
}

// BenchmarkFull is how fast a core of 256 MiB, a third of it zeros, comes through a pipe: into
// the store, and into `cat` and `zstd -1`, as who is told to by core_pattern.
func BenchmarkFull(b *testing.B) {
	core := likeMemory(256 << 20)
	for _, how := range []order.Compression{order.NoCompression, order.Inline} {
		b.Run("store="+string(how), func(b *testing.B) {
			s := newStore(b)
			var stored int64
			b.SetBytes(int64(len(core)))
			for range b.N {
				e, err := s.Begin(Crash{Compress: how, Limits: order.Limits{MaxUse: 1 << 40, KeepFree: 1, MaxCore: 1 << 40}})
				if err != nil {
					b.Fatal(err)
				}
				f, err := e.Full(int64(len(core)))
				if err != nil {
					b.Fatal(err)
				}
				_, err = f.ReadFrom(piped(core))
				if err := errors.Join(err, f.Close()); err != nil {
					b.Fatal(err)
				}
				stored = f.state().Stored.Stored
				b.StopTimer()
				_ = e.Abort()
				b.StartTimer()
			}
			b.ReportMetric(100*float64(stored)/float64(len(core)), "%stored")
		})
	}
	for name, argv := range map[string][]string{"cat": {"cat"}, "zstd-1": {"zstd", "-1", "-qc"}} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "core")
			b.SetBytes(int64(len(core)))
			for range b.N {
				out, err := os.Create(path)
				if err != nil {
					b.Fatal(err)
				}
				cmd := exec.Command(argv[0], argv[1:]...)
				cmd.Stdin, cmd.Stdout = piped(core), out
				if err := cmd.Run(); err != nil {
					b.Skip(err)
				}
				info, _ := out.Stat()
				b.ReportMetric(100*float64(info.Size())/float64(len(core)), "%stored")
				_ = out.Close()
			}
		})
	}
}

// piped writes a core into a pipe, page by page as the kernel does.
func piped(core []byte) *os.File {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		for at := 0; at < len(core); at += 4096 {
			if _, err := w.Write(core[at:min(at+4096, len(core))]); err != nil {
				break
			}
		}
		_ = w.Close()
	}()
	return r
}

// likeMemory is what processes have: pointers, text, and zeros by the page.
func likeMemory(size int) []byte {
	data := make([]byte, 0, size)
	x := uint64(88172645463325252)
	for len(data) < size {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		switch x % 6 {
		case 0, 1:
			data = append(data, make([]byte, 64<<10)...)
		case 2:
			for range 1024 {
				data = append(data, "GET /index.html?user="+strconv.FormatUint(x>>40, 10)+" HTTP/1.1\r\nHost: example.org\r\n"...)
			}
			data = append(data, make([]byte, (4096-len(data)%4096)%4096)...)
		default:
			for range 8192 {
				x = x*6364136223846793005 + 1442695040888963407
				data = append(data, byte(x>>56), byte(x>>48), byte(x>>44)&0xf, 0x55, 0x7f, 0, 0, 0)
			}
		}
	}
	return data[:size]
}

var _ io.ReaderFrom = (*Full)(nil)
