package bpf

import (
	"encoding/binary"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// permitted skips the test where BPF is not.
func permitted(t *testing.T) {
	t.Helper()
	if err := Permitted(); err != nil {
		t.Skip(err)
	}
}

func kernelTypes(t *testing.T, want Want) *Types {
	t.Helper()
	types, err := KernelTypes(want)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestKernelTypes(t *testing.T) {
	if _, err := os.Stat(vmlinux); err != nil {
		t.Skip(err)
	}
	generate, dequeue := Tracepoint("signal_generate"), Return("dequeue_signal")
	types := kernelTypes(t, Want{
		Structs: map[string][]string{
			"task_struct": {"tgid", "pid", "comm", "nonsense"}, "kernel_siginfo": {"si_signo", "si_code"}, "no_such_struct": {"x"},
		},
		Hooks: []Hook{generate, dequeue, Iterator("task"), Tracepoint("no_such_event")},
	})
	if signo, code := types.Offset("kernel_siginfo", "si_signo"), types.Offset("kernel_siginfo", "si_code"); signo != 0 || code != 8 {
		t.Errorf("si_signo is at %d, si_code at %d; want 0 and 8, as in siginfo_t", signo, code)
	}
	if pid, tgid := types.Offset("task_struct", "pid"), types.Offset("task_struct", "tgid"); pid <= 0 || tgid != pid+4 {
		t.Errorf("task_struct has pid at %d and tgid at %d", pid, tgid)
	}
	if err := types.Missing(); err != nil {
		t.Error(err)
	}
	if types.Has("task_struct", "nonsense") || types.Offset("task_struct", "nonsense") != -1 || types.Offset("no_such_struct", "x") != -1 {
		t.Error("found what is not there")
	}
	if err := types.Missing(); err == nil || !strings.Contains(err.Error(), "task_struct.nonsense") {
		t.Errorf("Missing says %v", err)
	}
	if !types.HasHook(generate) || types.HasHook(Tracepoint("no_such_event")) {
		t.Error("hooks are wrong")
	}
	if n := types.Parameters(generate); n != 6 { // the first is __data; none has a name
		t.Errorf("signal_generate has %d parameters, want 6", n)
	}
	if i := types.Parameter(dequeue, "mask"); i < 0 {
		t.Errorf("dequeue_signal has no parameter mask")
	}
	if types.Size("task_struct") < 1000 || types.Size("no_such_struct") != 0 {
		t.Error("sizes are wrong")
	}
}

// TestTracepoint counts the signals that this process sends to itself, through a ring.
func TestTracepoint(t *testing.T) {
	permitted(t)
	hook := Tracepoint("signal_generate")
	types := kernelTypes(t, Want{Structs: map[string][]string{"task_struct": {"tgid"}}, Hooks: []Hook{hook}})
	ring, err := NewRing("test", 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	counters, err := NewCounters("test", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer counters.Close()
	pids, err := NewHash("test", 4, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer pids.Close()
	if err := pids.PutNumber(uint64(os.Getpid())); err != nil {
		t.Fatal(err)
	}
	program, err := Load("test", types, hook, counting(types, ring, counters, pids))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	link, err := program.Attach()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	}
	link.Close()
	_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	var seen int
	ring.Read(func(record []byte) bool {
		if len(record) != 16 || Number[uint32](record, 8) != uint32(os.Getpid()) {
			t.Errorf("record %x", record)
		}
		if Number[uint64](record, 0) == uint64(syscall.SIGWINCH) {
			seen++
		}
		return true
	})
	count, err := counters.Count(1)
	if seen != 3 || count < 3 || err != nil {
		t.Errorf("the ring has %d signals, the counter %d (%v); want 3", seen, count, err)
	}
}

// counting is a program that writes the signal and the target's pid into the ring.
func counting(types *Types, ring *Ring, counters, pids Map) *Code {
	c := &Code{}
	c.Move(R6, R1)
	c.Load(Double, R7, R6, 16)
	c.Load(Word, R8, R7, types.Offset("task_struct", "tgid"))
	c.Store(Word, R10, -8, R8)
	c.Map(R1, pids)
	c.Move(R2, R10)
	c.DoConst(Add, R2, -8)
	c.Call(MapLookup)
	c.IfConst(R0, Equal, 0, "out")
	c.Map(R1, ring.Map)
	c.Set(R2, 16)
	c.Set(R3, 0)
	c.Call(RingReserve)
	c.IfConst(R0, Equal, 0, "out")
	c.Load(Double, R1, R6, 0)
	c.Store(Double, R0, 0, R1)
	c.Store(Double, R0, 8, R8)
	c.Move(R1, R0)
	c.Set(R2, 0)
	c.Call(RingSubmit)
	c.StoreConst(Word, R10, -8, 1)
	c.Map(R1, counters)
	c.Move(R2, R10)
	c.DoConst(Add, R2, -8)
	c.Call(MapLookup)
	c.IfConst(R0, Equal, 0, "out")
	c.Set(R1, 1)
	c.AddAtomic(R0, 0, R1)
	c.Label("out")
	c.Return()
	return c
}

// TestIterator walks over the threads of this process.
func TestIterator(t *testing.T) {
	permitted(t)
	hook := Iterator("task")
	types := kernelTypes(t, Want{
		Structs: map[string][]string{"task_struct": {"tgid"}, "bpf_iter__task": {"meta", "task"}, "bpf_iter_meta": {"seq"}},
		Hooks:   []Hook{hook},
	})
	c := &Code{}
	c.Load(Double, R6, R1, types.Offset("bpf_iter__task", "task"))
	c.IfConst(R6, Equal, 0, "out")
	c.Load(Word, R7, R6, types.Offset("task_struct", "tgid"))
	c.IfConst(R7, NotEqual, os.Getpid(), "out")
	c.Store(Double, R10, -8, R7)
	c.Load(Double, R1, R1, types.Offset("bpf_iter__task", "meta"))
	c.Load(Double, R1, R1, types.Offset("bpf_iter_meta", "seq"))
	c.Move(R2, R10)
	c.DoConst(Add, R2, -8)
	c.Set(R3, 8)
	c.Call(SeqWrite)
	c.Label("out")
	c.Return()
	program, err := Load("test", types, hook, c)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, pid := range []int{os.Getpid(), 0} {
		walk, err := program.Iterate(pid)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(walk)
		walk.Close()
		if err != nil || len(got) < 8 || binary.NativeEndian.Uint64(got) != uint64(os.Getpid()) {
			t.Errorf("the walk for %d wrote %x, %v", pid, got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	permitted(t)
	hook := Tracepoint("signal_generate")
	types := kernelTypes(t, Want{Hooks: []Hook{hook}})
	tests := map[string]struct {
		code func(*Code)
		hook Hook
		want string
	}{
		"verifier":     {func(c *Code) { c.Load(Word, R0, R5, 0); c.Return() }, hook, "R5 !read_ok"},
		"no label":     {func(c *Code) { c.Jump("nowhere"); c.Return() }, hook, "no label nowhere"},
		"label twice":  {func(c *Code) { c.Label("a"); c.Label("a"); c.Return() }, hook, "twice"},
		"offset":       {func(c *Code) { c.Load(Word, R0, R1, 1<<16); c.Return() }, hook, "does not fit"},
		"no such hook": {func(c *Code) { c.Return() }, Tracepoint("none"), "this kernel has no"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var c Code
			test.code(&c)
			p, err := Load("test", types, test.hook, &c)
			if err == nil {
				p.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Load: %v, want an error with %q", err, test.want)
			}
		})
	}
}

func FuzzTypes(f *testing.F) {
	f.Add([]byte{})
	f.Add(binary.LittleEndian.AppendUint32([]byte{0x9f, 0xeb, 1, 0, 24, 0, 0, 0}, 0))
	// A structure s with a member m in an anonymous union, itself: it must not loop.
	little := binary.LittleEndian
	types := []byte{}
	for _, n := range []uint32{1, 4<<24 | 1, 8, 0, 1, 0} {
		types = little.AppendUint32(types, n)
	}
	data := []byte{0x9f, 0xeb, 1, 0}
	for _, n := range []uint32{24, 0, uint32(len(types)), uint32(len(types)), 6} {
		data = little.AppendUint32(data, n)
	}
	f.Add(append(append(data, types...), "\x00s\x00m\x00\x00"...))
	f.Fuzz(func(_ *testing.T, data []byte) {
		types, err := parse(data, Want{Structs: map[string][]string{"s": {"m"}}, Hooks: []Hook{Tracepoint("s"), Return("s")}})
		if err == nil {
			types.Offset("s", "m")
			types.Parameter(Return("s"), "m")
		}
	})
}

func BenchmarkKernelTypes(b *testing.B) {
	if _, err := os.Stat(vmlinux); err != nil {
		b.Skip(err)
	}
	want := Want{Structs: map[string][]string{"task_struct": {"tgid"}}, Hooks: []Hook{Tracepoint("signal_generate"), Iterator("task")}}
	for b.Loop() {
		if _, err := KernelTypes(want); err != nil {
			b.Fatal(err)
		}
	}
}
