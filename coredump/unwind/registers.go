package unwind

// Machine is an architecture, by its number in ELF headers (e_machine).
type Machine uint16

// The machines whose stacks can be unwound.
const (
	AMD64 Machine = 62  // EM_X86_64
	ARM64 Machine = 183 // EM_AARCH64
)

// Registers are those of a thread, as far as they are known, by DWARF's numbers.
//
// amd64 (System V psABI, figure 3.36): 0 rax, 1 rdx, 2 rcx, 3 rbx, 4 rsi, 5 rdi, 6 rbp, 7 rsp,
// 8 to 15 r8 to r15, 16 rip.
//
// arm64 (AADWARF64): 0 to 30 x0 to x30, 31 sp, 32 pc.
type Registers struct {
	Machine Machine
	// PointerMask has the bits of a return address that pointer authentication uses, the
	// instruction mask in the core's note NT_ARM_PAC_MASK. 0 is what 48 bit addresses leave.
	PointerMask uint64

	known  uint64 // a bit for each value
	values [registers]uint64
}

// registers is how many numbers there are, on all machines.
const registers = 35

// Get returns a register, false if its value is not known.
func (r *Registers) Get(number uint64) (uint64, bool) {
	if number >= registers || r.known&(1<<number) == 0 {
		return 0, false
	}
	return r.values[number], true
}

// Set sets a register. Numbers of registers that unwinding has no use for are ignored.
func (r *Registers) Set(number, value uint64) {
	if number < registers {
		r.known |= 1 << number
		r.values[number] = value
	}
}

// forget makes a register unknown.
func (r *Registers) forget(number uint64) {
	if number < registers {
		r.known &^= 1 << number
	}
}

// code returns a return address without the signature of pointer authentication.
func (r *Registers) code(pc uint64) uint64 {
	switch {
	case r.Machine != ARM64:
		return pc
	case r.PointerMask != 0:
		return pc &^ r.PointerMask
	}
	return pc & (1<<48 - 1)
}
