package unwind

// arm64 is AArch64 with the Procedure Call Standard for the Arm 64-bit Architecture.
type arm64 struct{}

const (
	arm64G  = 28 // in Go
	arm64FP = 29
	arm64LR = 30
	arm64SP = 31
	arm64PC = 32
)

func (arm64) numbers() numbers { return numbers{pc: arm64PC, sp: arm64SP, fp: arm64FP, g: arm64G} }

// rt_sigreturn is system call 139.
const (
	arm64Sigreturn = "\x68\x11\x80\xd2\x01\x00\x00\xd4" // mov x8,#139; svc #0: the vdso, musl
)

func (arm64) trampoline(u *unwinder, pc uint64) bool { return u.codeIs(pc, arm64Sigreturn) }

// Where the registers are in the kernel's struct rt_sigframe: 128 bytes of siginfo, then the
// ucontext, with a sigcontext at 176 that has the registers after the fault's address.
const (
	arm64Context   = 128 + 176 + 8
	arm64FrameSize = 4688 // without what SVE adds
)

// interrupted: the stack pointer is at the rt_sigframe, and the frame pointer at a record above
// it, where the kernel has put the interrupted frame pointer and link register: setup_sigframe
// in arch/arm64/kernel/signal.c. The record shows whether the stack pointer is right, which it
// is not after a frame that was found by its pointer.
func (a arm64) interrupted(u *unwinder, frame *Frame, regs *Registers) bool {
	sp, _ := u.regs.Get(arm64SP)
	fp, _ := u.regs.Get(arm64FP)
	pointer, ok := u.word(fp)
	lr, ok2 := u.word(fp + 8)
	for _, at := range [...]uint64{sp, fp - arm64FrameSize} {
		if !ok || !ok2 {
			break
		}
		x29, _ := u.word(at + arm64Context + 8*arm64FP)
		if x30, _ := u.word(at + arm64Context + 8*arm64LR); x29 == pointer && x30 == lr {
			return a.restore(u, at, regs)
		}
	}
	return frame.By != ByPointer && a.restore(u, sp, regs)
}

// restore reads the registers of the rt_sigframe at an address.
func (arm64) restore(u *unwinder, sp uint64, regs *Registers) bool {
	for number := uint64(0); number <= arm64PC; number++ {
		v, ok := u.word(sp + arm64Context + 8*number)
		if !ok {
			return false
		}
		regs.Set(number, v)
	}
	return true
}

// above: the record may be anywhere in a frame; compilers put it at the lower end, so that the
// caller's frame pointer is its stack pointer.
func (arm64) above(fp, next uint64) uint64 { return max(fp+16, next) }

func (arm64) called(u *unwinder, regs *Registers) bool {
	lr, ok := u.regs.Get(arm64LR)
	regs.Set(arm64PC, u.regs.code(lr))
	return ok
}

const (
	arm64Sign   = "\x3f\x23\x03\xd5" // paciasp
	arm64Return = "\xc0\x03\x5f\xd6" // ret
)

// begun: until its frame is there, a function's return address is in the link register; and
// after it has been taken down again.
func (a arm64) begun(u *unwinder, pc uint64, regs *Registers) bool {
	if u.codeIs(pc, arm64Sign) || u.codeIs(pc, arm64Return) || u.storesPair(pc) != 0 {
		return a.called(u, regs)
	}
	if size := u.storesPair(pc - 4); size != 0 {
		sp, _ := u.regs.Get(arm64SP)
		regs.Set(arm64SP, sp+size)
		return a.called(u, regs)
	}
	return false
}

// storesPair returns the size of the frame if the instruction is stp x29,x30,[sp,#-size]!,
// otherwise 0.
func (u *unwinder) storesPair(pc uint64) uint64 {
	instruction, ok := u.Memory(pc, 4)
	if !ok || instruction&0xffc07fff != 0xa9807bfd {
		return 0
	}
	size := 128 - instruction>>15&0x7f // the operand has seven bits in two's complement, for 8 bytes each
	if size > 64 {
		return 0
	}
	return 8 * size
}

// afterCall: bl has its distance in 26 bits; blr is one of several with other signatures.
func (arm64) afterCall(u *unwinder, pc uint64) bool {
	instruction, ok := u.Memory(pc-4, 4)
	return !ok || instruction>>26 == 0x25 || instruction&0xfefff000 == 0xd63f0000
}

// target: bl has the distance from itself, for four bytes each.
func (arm64) target(u *unwinder, pc uint64) (uint64, bool) {
	instruction, ok := u.Memory(pc-4, 4)
	return pc - 4 + uint64(int64(instruction)<<38>>36), ok && instruction>>26 == 0x25
}

// goCaller: a function in Go keeps the link register at the lower end of its frame, and the
// caller's frame pointer below that.
func (a arm64) goCaller(u *unwinder, f GoFunction, regs *Registers) bool {
	if f.FrameSize == 0 {
		return a.called(u, regs)
	}
	sp, _ := u.regs.Get(arm64SP)
	pc, ok := u.word(sp)
	if !ok {
		return false
	}
	regs.Set(arm64PC, pc)
	regs.Set(arm64LR, pc)
	regs.Set(arm64SP, sp+f.FrameSize)
	if fp, ok := u.word(sp - 8); ok {
		regs.Set(arm64FP, fp)
	}
	return true
}

// The handler has saved the link register, to put the interrupted address there: sigctxt.
// preparePanic in runtime/signal_arm64.go.
func (arm64) injected(u *unwinder, regs *Registers) bool {
	sp, _ := regs.Get(arm64SP)
	lr, ok := u.word(sp)
	regs.Set(arm64LR, lr)
	regs.Set(arm64SP, sp+16)
	return ok
}
