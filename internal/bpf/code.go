package bpf

import (
	"fmt"
	"math"
)

// Reg is a register. R0 is a result, R1 to R5 are arguments and lost in calls, R6 to R9 are
// kept, R10 is the end of a stack of 512 bytes: bpf(2), Documentation/bpf/standardization.
type Reg uint8

// The registers.
const (
	R0 Reg = iota
	R1
	R2
	R3
	R4
	R5
	R6
	R7
	R8
	R9
	R10
)

// Size is how much a load or store moves.
type Size uint8

// The sizes: 4, 2, 1 and 8 bytes.
const (
	Word   Size = 0x00
	Half   Size = 0x08
	Byte   Size = 0x10
	Double Size = 0x18
)

// Op is an operation on 64 bits.
type Op uint8

// The operations.
const (
	Add        Op = 0x00
	Sub        Op = 0x10
	Mul        Op = 0x20
	Or         Op = 0x40
	And        Op = 0x50
	ShiftLeft  Op = 0x60
	ShiftRight Op = 0x70
	mov        Op = 0xb0
)

// Cond is a comparison of 64 bits, unsigned but for Below0.
type Cond uint8

// The comparisons.
const (
	Equal     Cond = 0x10
	Above     Cond = 0x20
	AtLeast   Cond = 0x30
	AnyBit    Cond = 0x40
	NotEqual  Cond = 0x50
	Below     Cond = 0xa0
	AtMost    Cond = 0xb0
	SignBelow Cond = 0xc0
)

// Func is a function of the kernel: enum bpf_func_id in linux/bpf.h.
type Func int32

// The functions.
const (
	MapLookup        Func = 1
	MapUpdate        Func = 2
	MapDelete        Func = 3
	CurrentPID       Func = 14 // tgid<<32 | tid
	CurrentUID       Func = 15
	CurrentComm      Func = 16
	CurrentCgroup    Func = 80
	ReadKernel       Func = 113
	SeqWrite         Func = 127
	BootTime         Func = 125
	RingOutput       Func = 130
	RingReserve      Func = 131
	RingSubmit       Func = 132
	RingQuery        Func = 134
	CurrentTaskBTF   Func = 158
	ReadUser         Func = 112
	ReadUserString   Func = 114
	ReadKernelString Func = 115
)

// instruction is struct bpf_insn.
type instruction struct {
	op        uint8
	registers uint8 // dst | src<<4
	offset    int16
	immediate int32
}

// Code is a program in the making. Jumps go forward to labels. A mistake is kept, and told by
// [Load].
type Code struct {
	code   []instruction
	labels map[string]int
	jumps  []jump
	err    error
}

type jump struct {
	at int
	to string
}

func (c *Code) add(op uint8, dst, src Reg, offset, immediate int) {
	if offset != int(int16(offset)) || immediate != int(int32(immediate)) {
		c.fail("instruction %d: %d or %d does not fit", len(c.code), offset, immediate)
	}
	c.code = append(c.code, instruction{op, uint8(dst) | uint8(src)<<4, int16(offset), int32(immediate)})
}

func (c *Code) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// Load reads memory at src+offset.
func (c *Code) Load(size Size, dst, src Reg, offset int) {
	c.add(0x61|uint8(size), dst, src, offset, 0)
}

// Store writes src to memory at dst+offset.
func (c *Code) Store(size Size, dst Reg, offset int, src Reg) {
	c.add(0x63|uint8(size), dst, src, offset, 0)
}

// StoreConst writes a number to memory at dst+offset.
func (c *Code) StoreConst(size Size, dst Reg, offset, number int) {
	c.add(0x62|uint8(size), dst, 0, offset, number)
}

// Move copies a register.
func (c *Code) Move(dst, src Reg) { c.Do(mov, dst, src) }

// Set loads a number.
func (c *Code) Set(dst Reg, number int64) {
	if number >= math.MinInt32 && number <= math.MaxInt32 {
		c.DoConst(mov, dst, int(number))
		return
	}
	c.wide(dst, 0, uint64(number))
}

// wide is the instruction of two places that loads 64 bits; source 1 makes a map of a
// descriptor.
func (c *Code) wide(dst, source Reg, number uint64) {
	c.add(0x18, dst, source, 0, int(int32(number)))
	c.add(0, 0, 0, 0, int(int32(number>>32)))
}

// Map loads the address of a map.
func (c *Code) Map(dst Reg, m Map) { c.wide(dst, 1, uint64(m.fd)) }

// Value loads the address of shared memory. What is added to it must be below its size, which
// the kernel has to see by a comparison before.
func (c *Code) Value(dst Reg, b *Bytes) { c.wide(dst, 2, uint64(b.fd)) }

// Do computes dst = dst op src.
func (c *Code) Do(op Op, dst, src Reg) { c.add(0x0f|uint8(op), dst, src, 0, 0) }

// DoConst computes dst = dst op number.
func (c *Code) DoConst(op Op, dst Reg, number int) { c.add(0x07|uint8(op), dst, 0, 0, number) }

// AddAtomic adds src to the 8 bytes at dst+offset.
func (c *Code) AddAtomic(dst Reg, offset int, src Reg) { c.add(0xdb, dst, src, offset, 0) }

// Call calls a function of the kernel.
func (c *Code) Call(f Func) { c.add(0x85, 0, 0, 0, int(f)) }

// Jump goes to a label that follows.
func (c *Code) Jump(label string) { c.jump(0x05, 0, 0, 0, label) }

// If goes to a label that follows if the comparison holds.
func (c *Code) If(left Reg, cond Cond, right Reg, label string) {
	c.jump(0x0d|uint8(cond), left, right, 0, label)
}

// IfConst is If with a number.
func (c *Code) IfConst(left Reg, cond Cond, number int, label string) {
	c.jump(0x05|uint8(cond), left, 0, number, label)
}

func (c *Code) jump(op uint8, dst, src Reg, number int, label string) {
	c.jumps = append(c.jumps, jump{len(c.code), label})
	c.add(op, dst, src, 0, number)
}

// Label names the place of the next instruction, for the jumps before it.
func (c *Code) Label(name string) {
	if c.labels == nil {
		c.labels = map[string]int{}
	}
	if _, twice := c.labels[name]; twice {
		c.fail("label %s is there twice", name)
	}
	c.labels[name] = len(c.code)
}

// Return ends the program with 0, the only result that tracing programs may have.
func (c *Code) Return() {
	c.Set(R0, 0)
	c.add(0x95, 0, 0, 0, 0)
}

// link fills in the jumps.
func (c *Code) link() ([]instruction, error) {
	for _, j := range c.jumps {
		to, ok := c.labels[j.to]
		if !ok || to <= j.at {
			c.fail("no label %s behind instruction %d", j.to, j.at)
			break
		}
		c.code[j.at].offset = int16(to - j.at - 1)
	}
	return c.code, c.err
}
