package queued_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/ptrace"
	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
	"supervise/signals/queued"
	"supervise/signals/state"
	"supervise/signals/state/procfs"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// start starts the program, which says how many signals its user's limit let it queue.
func start(t *testing.T, args ...string) (pid, thread, many int) {
	t.Helper()
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-o", "prog", "DIR/pending.c", "-lpthread"}})
	cmd := exec.Command(prog, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if _, err := fmt.Fscanf(bufio.NewReaderSize(out, 16), "thread %d\nqueued %d\n", &thread, &many); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, thread, many
}

func peek(t *testing.T, pid int) []queued.Signal {
	t.Helper()
	p, err := procfs.Read(pid)
	if err != nil {
		t.Fatal(err)
	}
	list, err := queued.Peek(p)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// text is one line for each signal, in the order of the list.
func text(list []queued.Signal, pid, thread int) string {
	var b strings.Builder
	for _, s := range list {
		where := map[int]string{0: "process", thread: "thread"}[s.Thread]
		sender := map[int32]string{int32(pid): "itself", int32(os.Getpid()): "test", 0: "nobody"}[s.PID]
		fmt.Fprintf(&b, "%s %v %d %s %x %v\n", where, s.Signal, s.Code, sender, s.Value, s.Lost)
	}
	return b.String()
}

// TestPeek finds each signal with sender and value, and leaves all of them where they are:
// also those of a process that is stopped, which stays so.
func TestPeek(t *testing.T) {
	pid, thread, _ := start(t, "2", "overflow")
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	want := `thread SIGUSR1 -6 itself 0 false
thread SIGRTMIN+3 -1 itself 1122334455667788 false
process SIGTERM 0 itself 0 false
process SIGRTMIN+1 -1 itself 1 false
process SIGRTMIN+1 -1 itself 2 false
process SIGRTMIN -1 itself 63 false
process SIGHUP 0 test 0 false
process SIGRTMIN+7 0 nobody 0 true
`
	for range 3 {
		if got := text(peek(t, pid), pid, thread); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	before, _ := procfs.Read(pid)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	await(t, pid, (*state.Process).Stopped)
	if got := text(peek(t, pid), pid, thread); got != want {
		t.Errorf("stopped: got\n%swant\n%s", got, want)
	}
	await(t, pid, (*state.Process).Stopped)
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	await(t, pid, func(p *state.Process) bool { return !p.Stopped() })
	if after, err := procfs.Read(pid); err != nil || after.Shared.Without(signals.SIGCONT) != before.Shared || after.Threads[1].Pending != before.Threads[1].Pending {
		t.Errorf("pending before %v, after %v", before.Shared, after.Shared)
	}
}

func await(t *testing.T, pid int, what func(*state.Process) bool) {
	t.Helper()
	for {
		p, err := procfs.Read(pid)
		if err != nil {
			t.Fatal(err)
		}
		if what(p) {
			return
		}
		if !p.Alive() {
			t.Fatal("the process has ended")
		}
	}
}

// TestMany has more signals than are read at once.
func TestMany(t *testing.T) {
	pid, _, many := start(t, "1000")
	values := map[uint64]bool{}
	for _, s := range peek(t, pid) {
		if s.Signal == signals.SIGRTMIN+1 {
			values[s.Value] = true
		}
	}
	if len(values) != many || many <= 64 {
		t.Errorf("%d values, want %d", len(values), many)
	}
}

// TestInterrupted reads a long queue with a thread that gets signals all the time, such as those
// of the Go runtime: PTRACE_PEEKSIGINFO then returns early.
func TestInterrupted(t *testing.T) {
	pid, _, many := start(t, "1000")
	err := ptrace.Do(func(tracer *ptrace.Tracer) error {
		held, err := tracer.Stop(pid, pid)
		if err != nil {
			return err
		}
		defer held.Release()
		reader, began, end, ended := syscall.Gettid(), make(chan bool), make(chan bool), make(chan bool)
		go func() {
			defer close(ended)
			for first := true; ; first = false {
				_ = unix.Tgkill(os.Getpid(), reader, unix.SIGURG)
				select {
				case <-end:
					return
				default:
				}
				if first {
					close(began)
				}
			}
		}()
		<-began
		for range 20 {
			infos, err := held.Peek(ptrace.Shared)
			if err != nil {
				t.Error(err)
			}
			next := uint64(1)
			for _, info := range infos {
				if info.Signal == signals.SIGRTMIN+1 && info.Value&0xffffffff == next { // an int in C
					next++
				}
			}
			if next != uint64(many)+1 {
				t.Errorf("%d values in order, want %d", next-1, many)
				break
			}
		}
		close(end)
		<-ended
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestChanging looks at a queue that another thread takes signals from: there is no gap in it.
func TestChanging(t *testing.T) {
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/churn.c", "-lpthread"}})
	const many = 300
	cmd := exec.Command(prog, fmt.Sprint(many))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		list := peek(t, cmd.Process.Pid)
		if len(list) < many-1 || len(list) > many {
			t.Fatalf("%d signals, want %d", len(list), many)
		}
		for i, s := range list {
			if s.Lost || s.Value != list[0].Value+uint64(i) {
				t.Fatalf("%+v is %d behind %+v", s, i, list[0])
			}
		}
	}
}

// Without pending signals nobody is stopped.
func TestNone(t *testing.T) {
	list, err := queued.Peek(&state.Process{PID: 1, Threads: []state.Thread{{TID: 1}}})
	if err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestRefused asks for what may not be stopped: itself, and what is traced already.
func TestRefused(t *testing.T) {
	one := state.Status{Shared: 1}
	self := &state.Process{PID: os.Getpid(), Status: one, Threads: []state.Thread{{TID: os.Getpid()}}}
	if _, err := queued.Peek(self); err == nil || !strings.Contains(err.Error(), "cannot stop itself") {
		t.Errorf("itself: %v", err)
	}
	pid, _, _ := start(t)
	err := ptrace.Do(func(tracer *ptrace.Tracer) error {
		held, err := tracer.Stop(pid, pid)
		if err != nil {
			return err
		}
		defer held.Release()
		_, err = queued.Peek(&state.Process{PID: pid, Status: one, Threads: []state.Thread{{TID: pid}}})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "is traced by") {
		t.Errorf("one that is traced: %v", err)
	}
	gone := &state.Process{PID: 1 << 22, Status: one, Threads: []state.Thread{{TID: 1 << 22}}}
	if list, err := queued.Peek(gone); err != nil || len(list) != 0 {
		t.Errorf("one that has ended: %v, %v", list, err)
	}
}

// TestNothingLost looks at the queue of a process that gets signals all the time. It gets all
// of them, in order.
func TestNothingLost(t *testing.T) {
	prog := testproc.Build(t, "testdata", [][]string{{"gcc", "-O1", "-o", "prog", "DIR/count.c"}})
	cmd := exec.Command(prog)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	pid := cmd.Process.Pid
	queue := func(value uint64) {
		for {
			switch err := sys.Queue(pid, signals.Info{Signal: signals.SIGRTMIN, Code: signals.CodeQueue, Value: value}); err {
			case nil:
				return
			case syscall.EAGAIN: // the limit of this user
			default:
				t.Fatal(err)
			}
		}
	}
	const many = 3000
	began, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			one := &state.Process{PID: pid, Status: state.Status{Shared: 1}, Threads: []state.Thread{{TID: pid, Pending: 1}}}
			if _, err := queued.Peek(one); err != nil {
				t.Error(err)
				return
			}
			if first {
				close(began)
			}
			if p, err := procfs.Read(pid); err != nil || !p.Alive() {
				return
			}
		}
	}()
	<-began
	for i := range many {
		queue(uint64(i + 1))
	}
	queue(0)
	line, err := lines.ReadString('\n')
	if err != nil || line != fmt.Sprintf("%d 0\n", many) {
		t.Errorf("it got %q, %v; want %d signals, none out of order", line, err, many)
	}
	<-ended
}
