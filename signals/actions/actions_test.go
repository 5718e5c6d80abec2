package actions_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"supervise/internal/bpf"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/actions"
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
		action actions.Action
		origin actions.Origin
	}{
		signals.SIGHUP:   {actions.Action{Handler: plain}, actions.Program},
		signals.SIGINT:   {actions.Action{Handler: static, Flags: actions.SigInfo, Mask: set(signals.SIGTERM, signals.SIGRTMAX)}, actions.Program},
		signals.SIGQUIT:  {actions.Action{Handler: plain, Flags: actions.Restart}, actions.Program},
		signals.SIGUSR1:  {actions.Action{Handler: plain, Flags: actions.NoDefer | actions.ResetHandler}, actions.Program},
		signals.SIGUSR2:  {actions.Action{Handler: plain, Flags: actions.OnStack, Mask: set(signals.SIGHUP)}, actions.Program},
		signals.SIGCHLD:  {actions.Action{Handler: plain, Flags: actions.NoChildStop | actions.NoChildWait}, actions.Program},
		signals.SIGTERM:  {actions.Action{Handler: actions.IgnoreHandler}, actions.Program},
		signals.SIGALRM:  {actions.Action{Handler: actions.IgnoreHandler, Flags: actions.Restart, Mask: set(signals.SIGALRM)}, actions.Program},
		signals.SIGWINCH: {actions.Action{Flags: actions.Restart, Mask: set(signals.SIGHUP)}, actions.Unknown},
		34:               {actions.Action{Handler: static, Flags: actions.SigInfo | actions.Restart}, actions.Program},
		signals.SIGTTIN:  {actions.Action{Handler: actions.IgnoreHandler}, actions.Inherited},
		signals.SIGPIPE:  {actions.Action{Handler: actions.IgnoreHandler}, actions.Inherited},
		40:               {actions.Action{Handler: actions.IgnoreHandler}, actions.Inherited},
	}
	for s := range signals.Full.All() {
		got := *table.Of(s)
		if got.Flags&actions.RestorerGiven != 0 && got.Restorer == 0 {
			t.Errorf("%v: SA_RESTORER without a restorer", s)
		}
		origin := got.Origin()
		got.Flags, got.Restorer = got.Flags&^actions.RestorerGiven, 0
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
	if a := table.Of(signals.SIGURG); !a.Caught() || a.Flags&actions.OnStack == 0 {
		t.Errorf("the Go runtime's SIGURG: %+v", a)
	}
	if _, err := r.Read(1 << 22); err == nil {
		t.Error("no error for a process that is not there")
	}
}

func TestFlags(t *testing.T) {
	for flags, want := range map[actions.Flags]string{
		0: "none", actions.Restart | actions.OnStack: "SA_RESTART SA_ONSTACK", 1 << 40: "0x10000000000",
		actions.SigInfo | actions.NoDefer | actions.ResetHandler | actions.NoChildStop | actions.NoChildWait | 8: "SA_SIGINFO SA_NODEFER SA_RESETHAND SA_NOCLDSTOP SA_NOCLDWAIT 0x8",
	} {
		if got := flags.String(); got != want {
			t.Errorf("%x: %s, want %s", uint64(flags), got, want)
		}
	}
	if names := actions.Flags(0).Names(); names == nil || slices.Contains(names, "none") {
		t.Errorf("no flags: %q", names)
	}
}
