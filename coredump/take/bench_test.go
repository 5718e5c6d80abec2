package take_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

// BenchmarkStop measures how long a process stands while its core is taken, by a thread of it
// that looks at the clock, and the same with gdb's gcore.
func BenchmarkStop(b *testing.B) {
	for _, size := range []int{50, 200, 700} {
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) {
			t := startTicker(b, size)
			dir := b.TempDir()
			var stop, whole []float64
			for b.Loop() {
				t.longest(b)
				s, err := take.Stop(t.pid, take.Options{})
				if err != nil {
					b.Fatal(err)
				}
				stop = append(stop, t.longest(b))
				path := filepath.Join(dir, "core")
				f, err := os.Create(path)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.WriteFull(f, nil); err != nil {
					b.Fatal(err)
				}
				_ = f.Close()
				s.Close()
				_ = os.Remove(path)
				whole = append(whole, t.longest(b))
			}
			b.ReportMetric(largest(stop), "ms-stopped")
			b.ReportMetric(largest(whole), "ms-copying")
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

func largest(values []float64) (most float64) {
	for _, v := range values {
		most = max(most, v)
	}
	return most
}
