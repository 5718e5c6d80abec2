package actions

import (
	"fmt"
	"io"

	"supervise/internal/bpf"
	"supervise/signals"
	"supervise/signals/state"
)

// Reader reads actions of processes, of any number of them.
type Reader struct {
	program *bpf.Program
	layout  layout
}

// layout is where the kernel keeps what is read. It has no restorer on some architectures.
type layout struct {
	leader, tgid, sighand, action  int
	size                           int // of one action
	handler, flags, mask, restorer int
}

var hook = bpf.Iterator("task")

// Open loads the program that reads. The error says what is missing: the right to do so, or
// something of the kernel.
func Open() (*Reader, error) {
	if err := bpf.Permitted(); err != nil {
		return nil, err
	}
	types, err := bpf.KernelTypes(bpf.Want{
		Structs: map[string][]string{
			"bpf_iter__task": {"meta", "task"}, "bpf_iter_meta": {"seq"},
			"task_struct":    {"tgid", "group_leader", "sighand"},
			"sighand_struct": {"action"},
			"k_sigaction":    {"sa"},
			"sigaction":      {"sa_handler", "sa_flags", "sa_mask", "sa_restorer"},
		},
		Hooks: []bpf.Hook{hook},
	})
	if err != nil {
		return nil, err
	}
	l := layout{
		leader: types.Offset("task_struct", "group_leader"), tgid: types.Offset("task_struct", "tgid"),
		sighand: types.Offset("task_struct", "sighand"), action: types.Offset("sighand_struct", "action"),
		size:    types.Size("k_sigaction"),
		handler: types.Offset("sigaction", "sa_handler"), flags: types.Offset("sigaction", "sa_flags"), mask: types.Offset("sigaction", "sa_mask"),
		restorer: -1,
	}
	if types.Has("sigaction", "sa_restorer") {
		l.restorer = types.Offset("sigaction", "sa_restorer")
	}
	code := l.code(types)
	if err := types.Missing(); err != nil {
		return nil, err
	}
	program, err := bpf.Load("actions", types, hook, code)
	if err != nil {
		return nil, err
	}
	return &Reader{program, l}, nil
}

// Close gives the program back.
func (r *Reader) Close() error { return r.program.Close() }

// A record is the pid of a process, and its actions. They are copied in parts, as a program
// has little stack.
const (
	parts    = 8
	head     = 8
	maxParts = 448
)

// code is the program: for each main thread of a process it writes a record.
func (l *layout) code(types *bpf.Types) *bpf.Code {
	part := l.size * int(signals.Max) / parts
	c := &bpf.Code{}
	if part <= 0 || part > maxParts {
		return c // which the kernel refuses: an action is not what this program knows
	}
	c.Move(bpf.R9, bpf.R1)
	c.Load(bpf.Double, bpf.R6, bpf.R1, types.Offset("bpf_iter__task", "task"))
	c.IfConst(bpf.R6, bpf.Equal, 0, "out")
	c.Load(bpf.Double, bpf.R1, bpf.R6, l.leader)
	c.If(bpf.R1, bpf.NotEqual, bpf.R6, "out")
	c.Load(bpf.Double, bpf.R7, bpf.R6, l.sighand)
	c.IfConst(bpf.R7, bpf.Equal, 0, "out") // it was reaped
	c.Load(bpf.Double, bpf.R8, bpf.R9, types.Offset("bpf_iter__task", "meta"))
	c.Load(bpf.Double, bpf.R8, bpf.R8, types.Offset("bpf_iter_meta", "seq"))
	c.Load(bpf.Word, bpf.R1, bpf.R6, l.tgid)
	c.Store(bpf.Double, bpf.R10, -head, bpf.R1)
	write(c, head)
	for i := range parts {
		c.Move(bpf.R1, bpf.R10)
		c.DoConst(bpf.Add, bpf.R1, -part)
		c.Set(bpf.R2, int64(part))
		c.Move(bpf.R3, bpf.R7)
		c.DoConst(bpf.Add, bpf.R3, l.action+i*part)
		c.Call(bpf.ReadKernel)
		write(c, part)
	}
	c.Label("out")
	c.Return()
	return c
}

// write writes the last bytes of the stack to the iterator's file, which R8 is.
func write(c *bpf.Code, size int) {
	c.Move(bpf.R1, bpf.R8)
	c.Move(bpf.R2, bpf.R10)
	c.DoConst(bpf.Add, bpf.R2, -size)
	c.Set(bpf.R3, int64(size))
	c.Call(bpf.SeqWrite)
}

// Read returns the actions of a process.
func (r *Reader) Read(pid int) (*state.Actions, error) {
	walk, err := r.program.Iterate(pid)
	if err != nil {
		return nil, err
	}
	defer walk.Close()
	all, err := io.ReadAll(walk)
	if err != nil {
		return nil, fmt.Errorf("read the actions of pid %d: %w", pid, err)
	}
	size := head + r.layout.size*int(signals.Max)
	// Where the kernel walks over one process there is one record, and its pid is that of the
	// first namespace. An older kernel walks over all of them.
	for alone := len(all) == size; len(all) >= size; all = all[size:] {
		if alone || bpf.Number[uint32](all, 0) == uint32(pid) {
			return r.layout.table(all[head:size]), nil
		}
	}
	return nil, fmt.Errorf("the kernel shows no actions of pid %d: it has ended, or is hidden", pid)
}

func (l *layout) table(record []byte) *state.Actions {
	var t state.Actions
	for i := range t {
		action := record[i*l.size:]
		t[i] = state.Action{
			Handler: bpf.Number[uint64](action, l.handler), Flags: state.Flags(bpf.Number[uint64](action, l.flags)),
			Mask: signals.Set(bpf.Number[uint64](action, l.mask)),
		}
		if l.restorer >= 0 {
			t[i].Restorer = bpf.Number[uint64](action, l.restorer)
		}
	}
	return &t
}
