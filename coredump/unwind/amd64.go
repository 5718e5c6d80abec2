package unwind

// amd64 is x86-64 with the System V ABI.
type amd64 struct{}

const (
	amd64BP = 6
	amd64SP = 7
	amd64G  = 14 // in Go
	amd64PC = 16
)

func (amd64) numbers() numbers { return numbers{pc: amd64PC, sp: amd64SP, fp: amd64BP, g: amd64G} }

// rt_sigreturn is system call 15.
const (
	amd64Sigreturn     = "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05" // mov $15,%rax; syscall: glibc, Go
	amd64SigreturnMusl = "\xb8\x0f\x00\x00\x00\x0f\x05"         // mov $15,%eax; syscall: musl
)

func (amd64) trampoline(u *unwinder, pc uint64) bool {
	return u.codeIs(pc, amd64Sigreturn) || u.codeIs(pc, amd64SigreturnMusl)
}

// amd64Context is the order of the registers in a ucontext_t, whose gregs are 40 bytes from
// its beginning: sys/ucontext.h, the kernel's asm/sigcontext.h.
var amd64Context = [...]uint64{8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16}

// When the handler has returned, the stack pointer is at the ucontext_t.
func (amd64) interrupted(u *unwinder, _ *Frame, regs *Registers) bool {
	sp, _ := u.regs.Get(amd64SP)
	for i, number := range amd64Context {
		v, ok := u.word(sp + 40 + 8*uint64(i))
		if !ok {
			return false
		}
		regs.Set(number, v)
	}
	return true
}

// above: the frame pointer and the return address are at the frame's upper end.
func (amd64) above(fp, _ uint64) uint64 { return fp + 16 }

func (amd64) called(u *unwinder, regs *Registers) bool { return u.popped(0, regs) }

// popped takes the return address from the stack, above a number of bytes.
func (u *unwinder) popped(size uint64, regs *Registers) bool {
	sp, ok := u.regs.Get(amd64SP)
	if !ok {
		return false
	}
	pc, ok := u.word(sp + size)
	if !ok {
		return false
	}
	regs.Set(amd64PC, pc)
	regs.Set(amd64SP, sp+size+8)
	return true
}

const (
	amd64Endbr  = "\xf3\x0f\x1e\xfa"
	amd64Push   = "\x55"         // push %rbp
	amd64Move   = "\x48\x89\xe5" // mov %rsp,%rbp
	amd64Return = "\xc3"
)

func (amd64) begun(u *unwinder, pc uint64, regs *Registers) bool {
	switch {
	case u.codeIs(pc, amd64Push+amd64Move), u.codeIs(pc, amd64Endbr+amd64Push+amd64Move), u.codeIs(pc, amd64Return):
		return u.popped(0, regs)
	case u.codeIs(pc-1, amd64Push+amd64Move):
		return u.popped(8, regs)
	}
	return false
}

// afterCall: a call is E8 and four bytes, or FF /2 with an operand of up to six bytes.
func (amd64) afterCall(u *unwinder, pc uint64) bool {
	b := u.scratch.code[:7]
	if !u.source.Read(pc-7, b) {
		return true
	}
	if b[2] == 0xe8 {
		return true
	}
	for i := range 6 {
		if b[i] == 0xff && b[i+1]>>3&7 == 2 {
			return true
		}
	}
	return false
}

// target: E8, and the distance from the next instruction.
func (amd64) target(u *unwinder, pc uint64) (uint64, bool) {
	op, ok := u.Memory(pc-5, 1)
	distance, ok2 := u.Memory(pc-4, 4)
	return pc + uint64(int32(distance)), ok && ok2 && op == 0xe8
}

// goCaller: a function in Go keeps its caller's frame pointer below the return address, if it
// has a frame.
func (amd64) goCaller(u *unwinder, f GoFunction, regs *Registers) bool {
	if !u.popped(f.FrameSize, regs) {
		return false
	}
	if f.FrameSize < 8 {
		return true
	}
	sp, _ := u.regs.Get(amd64SP)
	if bp, ok := u.word(sp + f.FrameSize - 8); ok {
		regs.Set(amd64BP, bp)
	}
	return true
}

// The handler has pushed a return address, as a call does.
func (amd64) injected(*unwinder, *Registers) bool { return true }
