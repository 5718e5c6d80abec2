package recorder

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// BenchmarkKill is kill(2) with a signal that its target ignores: of a process outside
// of the scope, without a recorder and with one, and of one within.
//
//	go test ./signals/recorder -run '^$' -bench Kill
func BenchmarkKill(b *testing.B) {
	b.Run("none", func(b *testing.B) { benchmarkOwn(b) })
	b.Run("outside", func(b *testing.B) {
		open(b)
		benchmarkOwn(b)
	})
	b.Run("within", func(b *testing.B) {
		r := open(b)
		cmd := exec.Command("sh", "-c", "trap '' USR1; echo; exec sleep 1000")
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		if _, err := out.Read(make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
		n := 0
		for b.Loop() {
			_ = syscall.Kill(cmd.Process.Pid, syscall.SIGUSR1)
			if n++; n%100 == 0 {
				r.Read(func(*Signal) {})
			}
		}
		b.ReportMetric(float64(r.Lost()), "lost")
	})
}

func benchmarkOwn(b *testing.B) {
	signal.Ignore(syscall.SIGUSR1)
	defer signal.Reset(syscall.SIGUSR1)
	for b.Loop() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	}
}
