// Package bpf loads small programs into the kernel's BPF machine: an assembler, maps, a ring
// buffer, and just enough of BTF to know where the running kernel keeps what they read.
//
//	types, err := bpf.KernelTypes(bpf.Want{
//		Structs: map[string][]string{"task_struct": {"tgid"}},
//		Hooks:   []bpf.Hook{bpf.Tracepoint("signal_generate")},
//	})
//	ring, err := bpf.NewRing("signals", 1<<20)
//	var c bpf.Code
//	c.Load(bpf.Double, bpf.R7, bpf.R1, 16)                              // the third argument
//	c.Load(bpf.Word, bpf.R8, bpf.R7, types.Offset("task_struct", "tgid"))
//	...
//	program, err := bpf.Load("generate", types.ID(hook), hook, &c)
//	link, err := program.Attach()                                       // until link.Close
//
// Programs are of the kind BPF_PROG_TYPE_TRACING: they read the kernel's structures with plain
// loads, which the kernel checks against BTF, so that a wrong offset is refused and never read.
// What they are attached to and what they made lives as long as its descriptors: nothing is
// left behind by a process that is killed.
//
// It needs CAP_BPF and CAP_PERFMON (or root), Linux 5.8 and CONFIG_DEBUG_INFO_BTF, and on
// arm64 Linux 6.0 for functions. It is no general loader: decision 24 says why there is one.
package bpf
