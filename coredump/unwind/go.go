package unwind

import "supervise/internal/text"

// byGo asks Go's tables. The runtime's functions that leave a stack for another one, or were
// never called, are known by their names.
func (u *unwinder) byGo(frame *Frame, module *Module) (caller, error) {
	if module == nil || module.Go == nil {
		return caller{}, errNotMine
	}
	f, ok := module.Go(frame.Lookup() - module.Bias)
	if !ok {
		return caller{}, errNotMine
	}
	name, _ := text.CutPrefix(f.Name, "runtime.")
	name, _ = text.CutSuffix(name, ".abi0")
	if f.Top && name != "sigtramp" { // which the kernel calls: it returns to a trampoline
		return caller{}, errOutermost
	}
	switch {
	case name == f.Name: // not in the runtime
	case text.HasPrefix(name, "sigreturn"):
		return u.byTrampoline(frame, module)
	case frame.Exact: // it may not have left its stack yet
	case name == "systemstack", name == "asmcgocall":
		return u.bySwitch(f, module)
	case name == "morestack":
		return u.byGoroutine(module)
	case name == "mcall": // the goroutine that called it waits, or runs elsewhere
		return caller{}, errOutermost
	}
	next := caller{regs: u.regs, by: ByGo, exact: injected(name) && name != f.Name}
	if !u.arch.goCaller(u, f, &next.regs) {
		return next, ErrMemory
	}
	if next.exact && !u.arch.injected(u, &next.regs) {
		return next, ErrMemory
	}
	return next, nil
}

// injected reports whether a function of Go's runtime is never called: a signal's handler makes
// it look as if the interrupted instruction had called it.
func injected(name string) bool {
	switch name {
	case "sigpanic", "sigpanic0", "asyncPreempt", "debugCallV2":
		return true
	}
	return false
}

// bySwitch finds the caller of a function that has called another one on the stack of the
// thread: it has left the frame pointer as it was, with its own frame on the goroutine's stack.
func (u *unwinder) bySwitch(f GoFunction, module *Module) (caller, error) {
	n := u.arch.numbers()
	fp, _ := u.regs.Get(n.fp)
	above, ok := u.word(fp)
	if f.FrameSize < 8 || !ok { // until Go 1.20 it had no frame
		return caller{}, errOutermost
	}
	pc, ok := u.word(fp + 8)
	if !ok || !inGo(module, pc) {
		return caller{}, errOutermost
	}
	next := caller{regs: u.regs, by: ByGo, moved: true}
	next.regs.Set(n.pc, pc)
	next.regs.Set(n.fp, above)
	next.regs.Set(n.sp, fp+8+max(f.FrameSize, 8)) // on amd64 that is its frame pointer and the return address
	return next, nil
}

// Offsets in the runtime's structures that have not changed since Go 1.5: struct g, m and gobuf
// in runtime/runtime2.go.
const (
	goStackLow  = 0  // g.stack.lo
	goStackHigh = 8  // g.stack.hi
	goM         = 48 // g.m
	goSP        = 56 // g.sched.sp
	goPC        = 64 // g.sched.pc
	goLR        = 88 // g.sched.lr; until Go 1.24 that is 0, and lr comes next

	mG0   = 0   // m.g0
	mSize = 512 // m.curg is below; where, depends on the version
)

// byGoroutine finds the goroutine whose stack the thread has left in order to make it larger:
// what was called too deep. It is the one goroutine beside the thread's own that belongs to
// the thread and has been left.
func (u *unwinder) byGoroutine(module *Module) (caller, error) {
	n := u.arch.numbers()
	g0, _ := u.regs.Get(n.g)
	m, _ := u.word(g0 + goM)
	if of, ok := u.word(m + mG0); !ok || of != g0 || m == 0 {
		return caller{}, errOutermost
	}
	for offset := uint64(8); offset < mSize; offset += 8 {
		g, ok := u.word(m + offset)
		if !ok {
			break
		}
		if g == 0 || g == g0 || g%8 != 0 {
			continue
		}
		// It goes on behind the call of morestack, with a jump back to the function's beginning.
		next := caller{regs: u.regs, by: ByGo, moved: true, exact: true}
		if u.left(g, m, module, &next.regs) {
			return next, nil
		}
	}
	return caller{}, errOutermost
}

// left sets the registers that a goroutine of the thread m has been left with.
func (u *unwinder) left(g, m uint64, module *Module, regs *Registers) bool {
	if of, ok := u.word(g + goM); !ok || of != m {
		return false
	}
	low, _ := u.word(g + goStackLow)
	high, _ := u.word(g + goStackHigh)
	sp, _ := u.word(g + goSP)
	pc, ok := u.word(g + goPC)
	if !ok || sp < low || sp >= high || !inGo(module, pc) {
		return false
	}
	n := u.arch.numbers()
	regs.Set(n.pc, pc)
	regs.Set(n.sp, sp)
	regs.forget(n.fp)
	if regs.Machine == ARM64 {
		lr, _ := u.word(g + goLR)
		if lr == 0 {
			lr, _ = u.word(g + goLR + 8)
		}
		regs.Set(arm64LR, lr)
	}
	return true
}

// inGo reports whether a return address is in code of Go.
func inGo(module *Module, pc uint64) bool {
	_, ok := module.Go(pc - 1 - module.Bias)
	return ok
}
