package process

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/signals"
)

// longEnough is a patience that any start that does not hang keeps within.
const longEnough = int64(20 * time.Second)

func sleepSpec(progress *Progress) *Spec {
	return &Spec{
		Path: "/bin/sleep", Argv: []string{"sleep", "1000"}, NoPIDFD: true, OnlyFiles: true, Placement: OwnSession,
		Files: []int{-1, 1, 2}, Progress: progress,
	}
}

// end kills a child and reaps it.
func end(t *testing.T, pid int) {
	t.Helper()
	_ = unix.Kill(pid, unix.SIGKILL)
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		t.Error(err)
	}
}

// TestBegin starts a program without waiting for anybody else.
func TestBegin(t *testing.T) {
	for range 50 {
		var progress Progress
		child, rest := Begin(sleepSpec(&progress)).Wait(longEnough)
		if rest != nil {
			if !sys.FeatureClone3.Available() {
				t.Skip("there is no clone3")
			}
			t.Fatal("it takes long")
		}
		stat, err := sys.ReadStat(child.PID)
		if err != nil || stat.Name != "sleep" || stat.NoExec || stat.Session != child.PID || !progress.Made(child.PID) || progress.GiveUp() {
			t.Errorf("%+v, %v: it has not executed its program", stat, err)
		}
		end(t, child.PID)
	}
}

// TestBeginState compares the signal state of the program with what is asked for, while the
// caller has a state of its own.
func TestBeginState(t *testing.T) {
	var progress Progress
	spec := sleepSpec(&progress)
	spec.Mask, spec.Ignore = signals.SetOf(signals.SIGUSR1), signals.SetOf(signals.SIGPIPE, signals.SIGRTMIN)
	child, rest := Begin(spec).Wait(longEnough)
	if rest != nil {
		t.Skip("it is left to Start")
	}
	defer end(t, child.PID)
	state, err := sys.ReadSignalState(strconv.Itoa(child.PID))
	if err != nil || state.Blocked != spec.Mask || state.Ignored != spec.Ignore || state.Caught != 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestBeginFails has starts fail: what remains says why, as Start does, and no child stays.
func TestBeginFails(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/nonexistent/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Spec)
		says   string
	}{
		"no program":     {func(s *Spec) { s.Path = "/nonexistent/program" }, "execve /nonexistent/program: no such file"},
		"no interpreter": {func(s *Spec) { s.Path = script }, `not its interpreter "/nonexistent/interpreter"`},
		"no directory":   {func(s *Spec) { s.Dir = "/nonexistent" }, "chdir /nonexistent: no such file"},
		"a zero byte":    {func(s *Spec) { s.Argv = []string{"a\x00b"} }, "zero byte"},
		"no descriptor":  {func(s *Spec) { s.Files = []int{999_999} }, "dup3"},
	} {
		var progress Progress
		spec := sleepSpec(&progress)
		c.change(spec)
		child, rest := Begin(spec).Wait(longEnough)
		if rest == nil {
			t.Errorf("%s: it runs, as %d", name, child.PID)
			end(t, child.PID)
			continue
		}
		_, err := rest()
		_, want := Start(spec)
		if err == nil || want == nil || err.Error() != want.Error() || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; Start says %v, want %q", name, err, want, c.says)
		}
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
}

// TestBeginText runs a script without "#!", for which execve is no help.
func TestBeginText(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("exit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var progress Progress
	spec := sleepSpec(&progress)
	spec.Path = script
	_, rest := Begin(spec).Wait(longEnough)
	if rest == nil {
		t.Fatal("it runs by itself")
	}
	child, err := rest()
	if err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(child.PID, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
		t.Errorf("it ended with %v, %v", status, err)
	}
}

// TestBeginHangs has the kernel hold a child: the caller goes on, and the rest ends with it, or
// when it is given up.
func TestBeginHangs(t *testing.T) {
	for _, giveUp := range []bool{false, true} {
		fd, thaw := frozen(t)
		var progress Progress
		spec := sleepSpec(&progress)
		spec.CgroupFD, spec.HasCgroup = fd, true
		begun := time.Now()
		_, rest := Begin(spec).Wait(int64(time.Millisecond))
		if rest == nil || time.Since(begun) > 10*time.Second {
			t.Fatal("it is waited for")
		}
		if sys.FeatureClone3.Available() && (progress.PID() == 0 || progress.String() != "setsid") {
			t.Errorf("%d is at %q", progress.PID(), &progress)
		}
		if giveUp {
			progress.GiveUp()
		} else {
			thaw()
		}
		child, err := rest()
		switch {
		case giveUp && !errors.Is(err, ErrGivenUp):
			t.Errorf("%+v, %v; want %v", child, err, ErrGivenUp)
		case !giveUp && err != nil:
			t.Error(err)
		case !giveUp:
			end(t, child.PID)
		}
	}
}

// TestBeginMany begins many starts before it waits for one.
func TestBeginMany(t *testing.T) {
	var begun []Begun
	for range 40 {
		begun = append(begun, Begin(sleepSpec(new(Progress))))
	}
	for _, b := range begun {
		child, rest := b.Wait(longEnough)
		if rest != nil {
			var err error
			if child, err = rest(); err != nil {
				t.Fatal(err)
			}
		}
		end(t, child.PID)
	}
}

// atGate begins a start that waits at a gate, and returns the end of it that lets the child through.
func atGate(t *testing.T, progress *Progress) (begun Begun, through int) {
	t.Helper()
	var gate [2]int
	if err := unix.Pipe2(gate[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(gate[0]) })
	spec := sleepSpec(progress)
	spec.Gate, spec.HasGate = gate, true
	begun = Begin(spec)
	if !begun.HasChild() {
		unix.Close(gate[1])
		t.Skip("there is no clone3")
	}
	return begun, gate[1]
}

// TestGate begins a start that somebody else lets through.
func TestGate(t *testing.T) {
	begun, through := atGate(t, new(Progress))
	child, rest := begun.Wait(int64(20 * time.Millisecond))
	if rest == nil {
		t.Fatal("it did not wait at the gate")
	}
	stat, err := sys.ReadStat(begun.PID())
	if err != nil || !stat.NoExec || stat.Name == "sleep" {
		t.Errorf("%+v, %v: it has executed its program", stat, err)
	}
	if _, err := unix.Write(through, []byte{Passed}); err != nil {
		t.Fatal(err)
	}
	unix.Close(through)
	if child, err = rest(); err != nil || child.PID != begun.PID() {
		t.Fatalf("pid %d, %v; want pid %d", child.PID, err, begun.PID())
	}
	end(t, child.PID)
}
