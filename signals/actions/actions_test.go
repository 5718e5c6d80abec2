package actions_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"testing"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/actions"
	"supervise/signals/state"
)

func TestMain(m *testing.M) { testproc.Main(m) }

func open(t *testing.T) *actions.Reader {
	t.Helper()
	if err := bpf.Permitted(); err != nil {
		t.Skip(err)
	}
	r, err := actions.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestRead compares with what a program has set, and with what it inherits.
func TestRead(t *testing.T) {
	r := open(t)
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-o", "prog", "DIR/actions.c"}})
	inherited := signals.SetOf(signals.SIGPIPE, 40)
	cmd := testproc.Inheriting(t, 0, inherited, "", prog)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	var plain, static uint64
	if _, err := fmt.Fscanf(bufio.NewReader(out), "%x %x\n", &plain, &static); err != nil {
		t.Fatal(err)
	}
	table, err := r.Read(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	set := signals.SetOf
	want := map[signals.Signal]struct {
		action state.Action
		origin state.Origin
	}{
		signals.SIGHUP:   {state.Action{Handler: plain}, state.Program},
		signals.SIGINT:   {state.Action{Handler: static, Flags: state.SigInfo, Mask: set(signals.SIGTERM, signals.SIGRTMAX)}, state.Program},
		signals.SIGQUIT:  {state.Action{Handler: plain, Flags: state.Restart}, state.Program},
		signals.SIGUSR1:  {state.Action{Handler: plain, Flags: state.NoDefer | state.ResetHandler}, state.Program},
		signals.SIGUSR2:  {state.Action{Handler: plain, Flags: state.OnStack, Mask: set(signals.SIGHUP)}, state.Program},
		signals.SIGCHLD:  {state.Action{Handler: plain, Flags: state.NoChildStop | state.NoChildWait}, state.Program},
		signals.SIGTERM:  {state.Action{Handler: state.IgnoreHandler}, state.Program},
		signals.SIGALRM:  {state.Action{Handler: state.IgnoreHandler, Flags: state.Restart, Mask: set(signals.SIGALRM)}, state.Program},
		signals.SIGWINCH: {state.Action{Flags: state.Restart, Mask: set(signals.SIGHUP)}, state.Unknown},
		34:               {state.Action{Handler: static, Flags: state.SigInfo | state.Restart}, state.Program},
		signals.SIGTTIN:  {state.Action{Handler: state.IgnoreHandler}, state.Inherited},
		signals.SIGPIPE:  {state.Action{Handler: state.IgnoreHandler}, state.Inherited},
		40:               {state.Action{Handler: state.IgnoreHandler}, state.Inherited},
	}
	for s := range signals.Full.All() {
		got := *table.Of(s)
		if got.Flags&state.RestorerGiven != 0 && got.Restorer == 0 {
			t.Errorf("%v: SA_RESTORER without a restorer", s)
		}
		origin := got.Origin()
		got.Flags, got.Restorer = got.Flags&^state.RestorerGiven, 0
		if got != want[s].action {
			t.Errorf("%v: %+v, want %+v", s, got, want[s].action)
		}
		if runtime.GOARCH == "amd64" && origin != want[s].origin {
			t.Errorf("%v: the origin is %v, want %v", s, origin, want[s].origin)
		}
	}
}

// Of a process with several threads there is one table, and of none there is an error.
func TestReadThreads(t *testing.T) {
	r := open(t)
	table, err := r.Read(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if a := table.Of(signals.SIGURG); !a.Caught() || a.Flags&state.OnStack == 0 {
		t.Errorf("the Go runtime's SIGURG: %+v", a)
	}
	if _, err := r.Read(1 << 22); err == nil {
		t.Error("no error for a process that is not there")
	}
}
