//go:build linux && (amd64 || arm64)

package process

import (
	"os/exec"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/signals"
)

// BenchmarkStart measures a start and a wait of the same program in several ways. Compare
// them within one run; with 300 MB resident nothing may become slower.
func BenchmarkStart(b *testing.B) {
	ways := []struct {
		name string
		run  func() error
	}{
		{"clone3", func() error { return startAndWait(false, 0) }},
		{"clone", func() error { return startAndWait(true, 0) }},
		{"clone3-ignore-all", func() error { return startAndWait(false, signals.Full) }},
		{"ForkExec", forkExecAndWait},
		{"os-exec", func() error { return exec.Command("/bin/true").Run() }},
	}
	measure := func(b *testing.B) {
		for _, way := range ways {
			b.Run(way.name, func(b *testing.B) {
				for b.Loop() {
					if err := way.run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	b.Run("small", measure)
	ballast := make([]byte, 300<<20)
	for i := range ballast {
		ballast[i] = byte(i) // resident, and no page like the next
	}
	b.Run("300MB", measure)
	ballast[0]++
}

func startAndWait(plain bool, ignore signals.Set) error {
	defer sys.FeatureClone3.SetAvailable(sys.FeatureClone3.Available())
	sys.FeatureClone3.SetAvailable(!plain)
	child, err := Start(&Spec{Path: "/bin/true", Argv: []string{"true"}, Ignore: ignore})
	if err != nil {
		return err
	}
	_ = syscall.Close(child.PIDFD)
	_, err = syscall.Wait4(child.PID, nil, syscall.WALL, nil)
	return err
}

func forkExecAndWait() error {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}})
	if err != nil {
		return err
	}
	_, err = syscall.Wait4(pid, nil, 0, nil)
	return err
}
