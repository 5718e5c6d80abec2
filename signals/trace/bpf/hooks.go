package bpf

import (
	"runtime"

	"golang.org/x/sys/unix"

	"supervise/internal/bpf"
	"supervise/signals/trace"
)

// calls are the system calls that send signals, and which of their arguments are the pid or
// tid, or -1, and the signal.
var calls = []struct {
	name        string
	number      int
	pid, signal int
}{
	{"kill", unix.SYS_KILL, 0, 1},
	{"tkill", unix.SYS_TKILL, 0, 1},
	{"tgkill", unix.SYS_TGKILL, 0, 2},
	{"rt_sigqueueinfo", unix.SYS_RT_SIGQUEUEINFO, 0, 1},
	{"rt_tgsigqueueinfo", unix.SYS_RT_TGSIGQUEUEINFO, 0, 2},
	{"pidfd_send_signal", unix.SYS_PIDFD_SEND_SIGNAL, -1, 1},
}

// The hooks.
var (
	onGenerate = bpf.Tracepoint("signal_generate")
	onDeliver  = bpf.Tracepoint("signal_deliver")
	onFork     = bpf.Tracepoint("sched_process_fork")
	onExec     = bpf.Tracepoint("sched_process_exec")
	onExit     = bpf.Tracepoint("sched_process_exit")
	onFree     = bpf.Tracepoint("sched_process_free")
	onDequeue  = bpf.Return("dequeue_signal")
	onSysExit  = bpf.Tracepoint("sys_exit")
)

// onCall is when a system call returns.
func onCall(name string) bpf.Hook {
	prefix := map[string]string{"amd64": "__x64_sys_", "arm64": "__arm64_sys_"}[runtime.GOARCH]
	return bpf.Return(prefix + name)
}

// argumentNames are the members of struct pt_regs that have a system call's arguments.
func argument(types *bpf.Types, i int) int {
	if runtime.GOARCH == "arm64" {
		return types.Offset("user_pt_regs", "regs") + 8*i
	}
	return types.Offset("pt_regs", []string{"di", "si", "dx", "r10"}[i])
}

// number is the member of struct pt_regs that has a system call's number.
func number(types *bpf.Types) int {
	if runtime.GOARCH == "arm64" {
		return types.Offset("pt_regs", "syscallno")
	}
	return types.Offset("pt_regs", "orig_ax")
}

// want is all that the programs look at.
func want() bpf.Want {
	w := bpf.Want{
		Structs: map[string][]string{
			"task_struct": {
				"pid", "tgid", "comm", "blocked", "sighand", "signal", "cgroups", "cred", "group_leader", "exit_code",
			},
			"cred":           {"uid"},
			"css_set":        {"dfl_cgrp"},
			"cgroup":         {"kn", "level", "ancestors", "ancestor_ids"},
			"kernfs_node":    {"id"},
			"pid":            {"level", "numbers"},
			"upid":           {"nr"},
			"signal_struct":  {"flags", "pids", "live", "group_exit_code"},
			"sighand_struct": {"action"},
			"k_sigaction":    {"sa"},
			"sigaction":      {"sa_handler", "sa_flags"},
			"kernel_siginfo": {"si_code", "si_errno", "_sifields"},
			"linux_binprm":   {"filename"},
			"pt_regs":        {"di", "si", "dx", "r10", "orig_ax", "syscallno"},
			"user_pt_regs":   {"regs"},
		},
		Hooks: []bpf.Hook{onGenerate, onDeliver, onFork, onExec, onExit, onFree, onDequeue, onSysExit},
	}
	for _, c := range calls {
		w.Hooks = append(w.Hooks, onCall(c.name))
	}
	return w
}

// part is one program.
type part struct {
	name string
	hook bpf.Hook
	make func(*maker)
}

// parts are the programs that a filter needs. What is followed is known before anything is
// recorded, and forgotten last.
func parts(f *trace.Filter) (list []part) {
	if !f.All {
		list = append(list, part{"sv_free", onFree, (*maker).free})
	}
	if !f.All || f.Context {
		list = append(list, part{"sv_fork", onFork, (*maker).fork})
	}
	return append(list,
		part{"sv_exec", onExec, (*maker).exec},
		part{"sv_exit", onExit, (*maker).exit},
		part{"sv_deliver", onDeliver, (*maker).deliver},
		part{"sv_generate", onGenerate, (*maker).generate})
}

// returns are the programs on functions of the kernel, which not every kernel permits.
func returns() []part {
	list := []part{{"sv_dequeue", onDequeue, (*maker).dequeue}}
	for i, c := range calls {
		list = append(list, part{"sv_" + c.name, onCall(c.name), func(m *maker) { m.call(i) }})
	}
	return list
}

// tracepoints are those that do the same in part, at the expense of every system call of
// every process.
func tracepoints() []part {
	return []part{
		{"sv_waited", onSysExit, (*maker).waited},
		{"sv_calls", onSysExit, (*maker).anyCall},
	}
}
