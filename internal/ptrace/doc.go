// Package ptrace stops single threads of other processes for a moment, such that they and
// their parents notice nothing: ptrace(2) with PTRACE_SEIZE.
//
//	err := ptrace.Do(func(tracer *ptrace.Tracer) error {
//		t, err := tracer.Stop(pid, tid)
//		if err != nil { return err }
//		defer t.Release()
//		infos, err := t.Peek(ptrace.Shared)
//		...
//	})
//
// A signal that a thread was about to get when it stopped is given back to it. When this
// program is killed meanwhile, the kernel lets go of the thread.
//
// It takes root, or the same user where kernel.yama.ptrace_scope is 0.
package ptrace
