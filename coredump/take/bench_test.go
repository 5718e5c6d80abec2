package take_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"supervise/coredump/take"
	"supervise/internal/testproc"
)

// ticker is a process that knows how long it was kept from running.
type ticker struct {
	pid int
	in  io.Writer
	out *bufio.Reader
}

func startTicker(tb testing.TB, megabytes int) *ticker {
	tb.Helper()
	prog := testproc.Build(tb, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/ticks.c", "-lpthread"}})
	cmd := exec.Command(prog, strconv.Itoa(megabytes))
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t := &ticker{cmd.Process.Pid, in, bufio.NewReader(out)}
	if line, err := t.out.ReadString('\n'); line != "ready\n" {
		tb.Fatal(line, err)
	}
	return t
}

// longest returns the longest pause in milliseconds since it was called last.
func (t *ticker) longest(tb testing.TB) float64 {
	tb.Helper()
	if _, err := t.in.Write([]byte("\n")); err != nil {
		tb.Fatal(err)
	}
	line, err := t.out.ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	us, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
	if err != nil {
		tb.Fatal(err)
	}
	return us / 1000
}

// BenchmarkStop measures how long a process stands while its core is taken: as package take
// measures it, and as a thread of the process that looks at the clock sees it, up to the stop's
// end and up to that of the copy. In the same run gdb's gcore does it. Medians, as others use
// the machine.
func BenchmarkStop(b *testing.B) {
	for _, size := range []int{50, 200, 700} {
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) {
			t := startTicker(b, size)
			dir := b.TempDir()
			var stopped, seen, copying []float64
			for b.Loop() {
				t.longest(b)
				s := stop(b, t.pid, take.Options{})
				stopped = append(stopped, float64(s.Stopped)/1e6)
				seen = append(seen, t.longest(b))
				path, _ := full(b, s)
				s.Close()
				copying = append(copying, t.longest(b))
				_ = os.Remove(path)
			}
			b.ReportMetric(median(stopped), "ms-stopped")
			b.ReportMetric(median(seen), "ms-seen")
			b.ReportMetric(median(copying), "ms-seen-copying")
			stopOfGcore(b, t, dir)
		})
	}
}

func stopOfGcore(b *testing.B, t *ticker, dir string) {
	if _, err := exec.LookPath("gcore"); err != nil {
		return
	}
	t.longest(b)
	if text, err := exec.Command("gcore", "-o", filepath.Join(dir, "gcore"), strconv.Itoa(t.pid)).CombinedOutput(); err != nil {
		b.Fatalf("gcore: %v\n%s", err, text)
	}
	b.ReportMetric(t.longest(b), "ms-gcore")
	_ = os.Remove(filepath.Join(dir, "gcore."+strconv.Itoa(t.pid)))
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
