package proc

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestSelf(t *testing.T) {
	self := os.Getpid()
	if kib, err := PSS(self); err != nil || kib < 100 || kib > 10<<20 {
		t.Errorf("PSS is %d KiB, %v", kib, err)
	}
	if n, err := Threads(self); err != nil || n < 1 {
		t.Errorf("%d threads, %v", n, err)
	}
	if v, n, err := Switches(self); err != nil || v+n < 1 {
		t.Errorf("%d voluntary and %d other switches, %v", v, n, err)
	}
}

func TestCPUGrows(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < 5*time.Millisecond; {
		runtime.Gosched()
	}
	after, err := CPU(os.Getpid())
	if err != nil || after <= before {
		t.Errorf("%v, then %v, %v", before, after, err)
	}
}

func TestNobody(t *testing.T) {
	const nobody = 1<<22 + 1 // above the highest pid_max
	if _, err := PSS(nobody); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("PSS: %v", err)
	}
	if _, err := CPU(nobody); err == nil {
		t.Error("CPU: no error")
	}
	if _, _, err := Switches(nobody); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Switches: %v", err)
	}
	if _, err := Children(nobody); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Children: %v", err)
	}
}

func TestAll(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p Process) bool { return p.PID == os.Getpid() })
	if i < 0 || all[i].Parent != os.Getppid() || all[i].Zombie {
		t.Errorf("this process is not among %d found, or wrong", len(all))
	}
}

func TestChildren(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	if got, err := Children(os.Getpid()); err != nil || !slices.Contains(got, child.Process.Pid) {
		t.Errorf("got %v, %v, without %d", got, err, child.Process.Pid)
	}
	if got, err := Children(child.Process.Pid); err != nil || got != nil {
		t.Errorf("of it: %v, %v", got, err)
	}
}

func TestParseStat(t *testing.T) {
	tests := []struct {
		text string
		want Process
		ok   bool
	}{
		{"7 (sh) S 3 7 7 0", Process{7, 3, false}, true},
		{"7 (a) Z 9 (b) Z 4 7", Process{7, 4, true}, true},
		{"7 (sh) S", Process{}, false},
		{"7 (sh) S x 1", Process{}, false},
		{"", Process{}, false},
	}
	for _, test := range tests {
		got, ok := parseStat(7, test.text)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%q: %+v, %v", test.text, got, ok)
		}
	}
}

func TestField(t *testing.T) {
	const text = "Rss:  12 kB\nPss:\t 345 kB\nPss_Dirty: 6 kB\nEmpty:\nWord: x\n"
	tests := []struct {
		name  string
		value int64
		ok    bool
	}{{"Pss:", 345, true}, {"Rss:", 12, true}, {"Empty:", 0, false}, {"Word:", 0, false}, {"None:", 0, false}}
	for _, test := range tests {
		if value, ok := field(text, test.name); value != test.value || ok != test.ok {
			t.Errorf("%s %d, %v", test.name, value, ok)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("7 (sh) S 3 7 7 0")
	f.Fuzz(func(_ *testing.T, text string) {
		parseStat(1, text)
		field(text, "Pss:")
	})
}
