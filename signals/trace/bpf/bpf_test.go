package bpf

import (
	"os"
	"syscall"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/trace"
)

// TestFilters has the kernel's verifier look at the programs of every kind of filter, and a
// signal of this process come through those that have it.
func TestFilters(t *testing.T) {
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	own := []int{os.Getpid()}
	for name, test := range map[string]struct {
		filter trace.Filter
		seen   bool
	}{
		"all":                 {trace.Filter{All: true}, true},
		"all, context":        {trace.Filter{All: true, Context: true}, true},
		"process":             {trace.Filter{PIDs: own}, true},
		"process, context":    {trace.Filter{PIDs: own, Descendants: true, Context: true}, true},
		"signal":              {trace.Filter{PIDs: own, Signals: signals.SetOf(signals.SIGWINCH)}, true},
		"highest signal":      {trace.Filter{PIDs: own, Signals: signals.SetOf(64, signals.SIGWINCH)}, true},
		"another signal":      {trace.Filter{PIDs: own, Signals: signals.SetOf(64)}, false},
		"another process":     {trace.Filter{PIDs: []int{1}}, false},
		"nobody":              {trace.Filter{}, false},
		"cgroups":             {trace.Filter{Cgroups: []string{testproc.CgroupRoot()}}, true},
		"cgroups and process": {trace.Filter{Cgroups: []string{testproc.CgroupRoot(), testproc.CgroupRoot()}, PIDs: own, Context: true, Descendants: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if len(test.filter.Cgroups) > 0 && test.filter.Cgroups[0] == "" {
				t.Skip("no cgroup2 hierarchy is mounted")
			}
			b, err := Open(Options{Filter: test.filter, Ring: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH)
			b.Stop()
			seen := false
			err = b.Read(func(r *trace.Record) bool {
				if r != nil && r.Kind == trace.Sent && r.Signal == signals.SIGWINCH && int(r.Task.PID) == os.Getpid() {
					seen = true
					if int(r.Target.PID) != os.Getpid() || r.Task.UID != int64(os.Getuid()) || r.Code != signals.CodeUser || !r.Group {
						t.Errorf("%+v", r)
					}
				}
				return true
			})
			if err != nil || seen != test.seen {
				t.Errorf("seen: %v, want %v (%v)", seen, test.seen, err)
			}
		})
	}
}

// TestFull counts what finds no room.
func TestFull(t *testing.T) {
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	b, err := Open(Options{Filter: trace.Filter{PIDs: []int{os.Getpid()}, Signals: signals.SetOf(signals.SIGWINCH)}, Ring: os.Getpagesize()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const n = 100
	for range n {
		_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	}
	b.Stop()
	received := 0
	_ = b.Read(func(r *trace.Record) bool {
		if r != nil && r.Kind == trace.Sent {
			received++
		}
		return true
	})
	if lost := b.Drops().Generate; received == 0 || uint64(received)+lost != n {
		t.Errorf("%d received and %d lost of %d", received, lost, n)
	}
}

func TestErrors(t *testing.T) {
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
	for _, dir := range []string{"/", "/proc", "/no/such/directory"} {
		if b, err := Open(Options{Filter: trace.Filter{Cgroups: []string{dir}}}); err == nil {
			b.Close()
			t.Errorf("%s is taken for a cgroup", dir)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(make([]byte, sentSize))
	f.Add(append([]byte{byte(trace.Executed)}, make([]byte, execSize)...))
	f.Add([]byte{byte(trace.Sent)})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		var r trace.Record
		decode(raw, &r)
	})
}
