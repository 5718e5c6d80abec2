package collector

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
	"supervise/internal/testproc"
)

// BenchmarkThroughput has the same core written in several ways, one after the other in each
// round, from the crash until it is stored: by the kernel to a file, by the kernel to `zstd -1`
// through a pipe, and by the full path, as it is and compressed at once. The metrics are
// medians in MB/s. It is to be run alone: core_pattern is held all the time.
func BenchmarkThroughput(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("to set core_pattern takes root")
	}
	b.Cleanup(testproc.GuardCorePattern(b))
	// The kernel writes a file only as long as this allows, and to anything else in any case.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}); err != nil {
		b.Skip(err)
	}
	set := func(pattern string) {
		b.Helper()
		if err := os.WriteFile("/proc/sys/kernel/core_pattern", []byte(pattern+"\n"), 0); err != nil {
			b.Skip("cannot set core_pattern: ", err)
		}
	}
	var p *place
	dir, socket := b.TempDir(), ""
	p = open(b, func(o *Options, _ *place) {
		o.Install, o.Want = false, Socket
		socket = "@@" + filepath.Join(o.Directory, SocketName)
		set(socket)
	})
	ours := func(how order.Compression) func(mb string) {
		return func(mb string) {
			set(socket)
			p.lock.Lock()
			p.order.Compress = how
			p.lock.Unlock()
			e := startEater(b, nil, mb)
			end := e.timed()
			p.wait(e.pid)
			end()
			_ = e.Wait()
		}
	}
	kernel := func(pattern string) func(mb string) {
		return func(mb string) {
			set(pattern)
			e := startEater(b, nil, mb)
			end := e.timed()
			_ = e.Wait()
			end()
		}
	}
	ways := []struct {
		name string
		run  func(mb string)
	}{
		{"kernel-file", kernel(filepath.Join(dir, "core"))},
		{"store", ours(order.NoCompression)},
		{"store-inline", ours(order.Inline)},
	}
	if zstd, err := exec.LookPath("zstd"); err == nil {
		// kernel.core_pipe_limit, unless it is 0, has the kernel wait for its end.
		ways = append(ways, ways[0])
		ways[3].name, ways[3].run = "zstd-1", kernel("|"+zstd+" -1 -qfo "+filepath.Join(dir, "z")+" -")
	}
	const mb = 400
	written := func() {
		if info, err := os.Stat(filepath.Join(dir, "core")); err != nil || info.Size() < mb<<20 {
			b.Fatalf("the kernel has not written the core: %v", err)
		}
		_ = os.Remove(filepath.Join(dir, "core"))
	}
	took := map[string][]float64{}
	for b.Loop() {
		for _, w := range ways {
			w.run(strconv.Itoa(mb))
			took[w.name] = append(took[w.name], lastTook.Seconds())
			if w.name == "kernel-file" {
				written()
			}
		}
	}
	for name, all := range took {
		slices.Sort(all)
		b.ReportMetric(mb*1.048576/all[len(all)/2], name+"-MB/s")
	}
}

// lastTook is how long the last crash took that was timed.
var lastTook time.Duration

// timed has the process crash, and returns what to call when its core is stored.
func (e *eater) timed() (end func()) {
	begun := time.Now()
	e.crash()
	return func() { lastTook = time.Since(begun) }
}
