// Package actions reads what a process has set with sigaction(2) for each of its signals:
// handler, flags, mask and restorer. It does not stop the process, and the process does not
// notice.
//
//	r, err := actions.Open()             // needs root, or CAP_BPF and CAP_PERFMON
//	table, err := r.Read(pid)            // package state says what is in it
//	table.Of(signals.SIGTERM).Handler    // its address: package handlers knows the name
//
// /proc/PID/status says only which signals are caught and ignored. The rest is in the
// kernel's struct sighand_struct, which a BPF iterator over tasks copies: package bpf. Where
// the kernel was built without BTF, or BPF is not permitted, Open says so.
package actions
