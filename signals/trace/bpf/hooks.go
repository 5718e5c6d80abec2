package bpf

import (
	"runtime"

	"supervise/internal/bpf"
	"supervise/signals/trace"
)

// calls are the system calls that send signals, and which of their arguments are the pid or
// tid, or -1, and the signal.
var calls = []struct {
	name        string
	pid, signal int
}{
	{"kill", 0, 1},
	{"tkill", 0, 1},
	{"tgkill", 0, 2},
	{"rt_sigqueueinfo", 0, 1},
	{"rt_tgsigqueueinfo", 0, 2},
	{"pidfd_send_signal", -1, 1},
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
			"pt_regs":        {"di", "si", "dx", "r10"},
			"user_pt_regs":   {"regs"},
		},
		Hooks: []bpf.Hook{onGenerate, onDeliver, onFork, onExec, onExit, onFree, onDequeue},
	}
	for _, c := range calls {
		w.Hooks = append(w.Hooks, onCall(c.name))
	}
	return w
}

// part is one program.
type part struct {
	name     string
	hook     bpf.Hook
	make     func(*maker)
	optional bool // old kernels do without
}

// parts are the programs that a filter needs.
func parts(f *trace.Filter) []part {
	// What is followed is known before anything is recorded, and forgotten last.
	list := []part{
		{"sv_free", onFree, (*maker).free, false},
		{"sv_fork", onFork, (*maker).fork, false},
		{"sv_exit", onExit, (*maker).exit, false},
		{"sv_dequeue", onDequeue, (*maker).dequeue, true},
		{"sv_deliver", onDeliver, (*maker).deliver, false},
		{"sv_generate", onGenerate, (*maker).generate, false},
	}
	for i, c := range calls {
		list = append(list, part{"sv_" + c.name, onCall(c.name), func(m *maker) { m.call(i) }, true})
	}
	if f.Context {
		list = append(list, part{"sv_exec", onExec, (*maker).exec, false})
	}
	return list
}
