package elfcore

import "slices"

// maxRegisters is how many the architecture with the most of them has.
const maxRegisters = 34

// Registers are the general registers of one thread. Without any, Machine is 0.
type Registers struct {
	Machine Machine
	// Values are in the order of the kernel's struct user_regs_struct (amd64: 27 of them, r15
	// first) or user_pt_regs (arm64: 34, x0 first), which [Registers.Names] names. What is
	// beyond is 0.
	Values [maxRegisters]uint64
}

var amd64Names = []string{
	"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
	"orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
}

var arm64Names = []string{
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
	"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
	"sp", "pc", "pstate",
}

// Indices in Registers.Values.
const (
	amd64RBP    = 4
	amd64RIP    = 16
	amd64RSP    = 19
	amd64FSBase = 21
	arm64X29    = 29
	arm64SP     = 31
	arm64PC     = 32
)

// Names returns the names of Values, in their order. The result is shared: do not change it.
func (r *Registers) Names() []string {
	switch r.Machine {
	case AMD64:
		return amd64Names
	case ARM64:
		return arm64Names
	}
	return nil
}

// Get returns the register of that name: "rip", "x30".
func (r *Registers) Get(name string) (value uint64, ok bool) {
	i := slices.Index(r.Names(), name)
	if i < 0 {
		return 0, false
	}
	return r.Values[i], true
}

// PC is the address of the next instruction.
func (r *Registers) PC() uint64 { return r.pick(amd64RIP, arm64PC) }

// SP is the stack pointer.
func (r *Registers) SP() uint64 { return r.pick(amd64RSP, arm64SP) }

// FP is the frame pointer, if the code keeps one: rbp or x29.
func (r *Registers) FP() uint64 { return r.pick(amd64RBP, arm64X29) }

func (r *Registers) pick(amd64, arm64 int) uint64 {
	switch r.Machine {
	case AMD64:
		return r.Values[amd64]
	case ARM64:
		return r.Values[arm64]
	}
	return 0
}
