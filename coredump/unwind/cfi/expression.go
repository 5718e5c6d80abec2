package cfi

import "errors"

// Errors of expressions, beside [ErrMalformed].
var (
	ErrUnknown = errors.New("a register or memory that an expression needs is not known")
	ErrEndless = errors.New("an expression has too many steps")
)

// Context is what an expression is evaluated in.
type Context interface {
	// Register returns the value of a register by DWARF's number, false if it is not known.
	Register(number uint64) (uint64, bool)
	// Memory returns the number of 1 to 8 bytes, little-endian, at an address.
	Memory(addr uint64, size int) (uint64, bool)
}

// The limits of an expression. The longest that a linker or library has (glibc's for signal
// frames, the linker's for the PLT) has 12 steps and a stack of 3.
const (
	stepsMax = 1000
	stackMax = 64
)

// Evaluate returns the value of a DWARF expression (DWARF 5, section 2.5) that begins with the
// initial values on its stack. bias is added to addresses in it.
func Evaluate(expression []byte, context Context, bias uint64, initial ...uint64) (uint64, error) {
	m := machine{r: newReader(Section{Data: expression}, 0, len(expression)), context: context, bias: bias}
	for _, v := range initial {
		m.push(v)
	}
	for steps := 0; m.r.at < m.r.end && m.err == nil; steps++ {
		if steps == stepsMax {
			return 0, ErrEndless
		}
		m.step(m.r.byte())
		if m.r.bad && m.err == nil {
			m.err = ErrMalformed
		}
	}
	v := m.pop()
	return v, m.err
}

// machine is the stack machine of an expression.
type machine struct {
	r       reader
	context Context
	bias    uint64

	stack  [stackMax]uint64
	height int
	err    error
}

func (m *machine) push(v uint64) {
	if m.height == stackMax {
		m.err = ErrMalformed
		return
	}
	m.stack[m.height] = v
	m.height++
}

func (m *machine) pop() uint64 {
	if m.height == 0 {
		if m.err == nil {
			m.err = ErrMalformed
		}
		return 0
	}
	m.height--
	return m.stack[m.height]
}

// pick pushes the value that is at a depth below the topmost.
func (m *machine) pick(depth uint64) {
	if depth >= uint64(m.height) {
		m.err = ErrMalformed
		return
	}
	m.push(m.stack[m.height-1-int(depth)])
}

// The operations: DWARF 5, section 7.7.1.
const (
	exprAddr       = 0x03
	exprDeref      = 0x06
	exprConst1u    = 0x08 // and up to const8s, in pairs of an unsigned and a signed one
	exprConst8s    = 0x0f
	exprConstu     = 0x10
	exprConsts     = 0x11
	exprDup        = 0x12
	exprDrop       = 0x13
	exprOver       = 0x14
	exprPick       = 0x15
	exprSwap       = 0x16
	exprRot        = 0x17
	exprAbs        = 0x19
	exprAnd        = 0x1a
	exprDiv        = 0x1b
	exprMinus      = 0x1c
	exprMod        = 0x1d
	exprMul        = 0x1e
	exprNeg        = 0x1f
	exprNot        = 0x20
	exprOr         = 0x21
	exprPlus       = 0x22
	exprPlusUconst = 0x23
	exprShl        = 0x24
	exprShr        = 0x25
	exprShra       = 0x26
	exprXor        = 0x27
	exprBra        = 0x28
	exprEq         = 0x29
	exprGe         = 0x2a
	exprGt         = 0x2b
	exprLe         = 0x2c
	exprLt         = 0x2d
	exprNe         = 0x2e
	exprSkip       = 0x2f
	exprLit0       = 0x30
	exprLit31      = 0x4f
	exprBreg0      = 0x70
	exprBreg31     = 0x8f
	exprBregx      = 0x92
	exprDerefSize  = 0x94
	exprNop        = 0x96
)

func (m *machine) step(op byte) {
	switch {
	case exprLit0 <= op && op <= exprLit31:
		m.push(uint64(op - exprLit0))
	case exprBreg0 <= op && op <= exprBreg31:
		m.register(uint64(op - exprBreg0))
	case exprConst1u <= op && op <= exprConst8s:
		m.constant(op - exprConst1u)
	case exprDup <= op && op <= exprRot:
		m.rearrange(op)
	case exprAbs <= op && op <= exprXor && op != exprAbs && op != exprNeg && op != exprNot && op != exprPlusUconst:
		b := m.pop()
		m.calculate(op, m.pop(), b)
	case exprEq <= op && op <= exprNe:
		b := int64(m.pop())
		m.compare(op, int64(m.pop()), b)
	default:
		m.single(op)
	}
}

// single carries out the operations that have nothing in common.
func (m *machine) single(op byte) {
	switch op {
	case exprNop:
	case exprAddr:
		m.push(m.r.unsigned(8) + m.bias)
	case exprConstu:
		m.push(m.r.uleb())
	case exprConsts:
		m.push(uint64(m.r.sleb()))
	case exprBregx:
		m.register(m.r.uleb())
	case exprDeref:
		m.memory(8)
	case exprDerefSize:
		m.memory(int(m.r.byte()))
	case exprAbs:
		v := int64(m.pop())
		m.push(uint64(max(v, -v)))
	case exprNeg:
		m.push(-m.pop())
	case exprNot:
		m.push(^m.pop())
	case exprPlusUconst:
		m.push(m.pop() + m.r.uleb())
	case exprSkip:
		m.jump(m.r.signed(2))
	case exprBra:
		if distance := m.r.signed(2); m.pop() != 0 {
			m.jump(distance)
		}
	default: // one that has no meaning in call frame information
		m.err = ErrMalformed
	}
}

// register pushes the value of a register plus the operand.
func (m *machine) register(number uint64) {
	v, ok := m.context.Register(number)
	if !ok {
		m.err = ErrUnknown
	}
	m.push(v + uint64(m.r.sleb()))
}

// memory replaces an address by what is there.
func (m *machine) memory(size int) {
	if size < 1 || size > 8 {
		m.err = ErrMalformed
		return
	}
	addr := m.pop()
	if m.err != nil {
		return
	}
	v, ok := m.context.Memory(addr, size)
	if !ok {
		m.err = ErrUnknown
	}
	m.push(v)
}

// constant pushes a constant: kind is twice the logarithm of its size, plus 1 if it is signed.
func (m *machine) constant(kind byte) {
	size := uint64(1) << (kind / 2)
	if kind%2 == 0 {
		m.push(m.r.unsigned(size))
	} else {
		m.push(uint64(m.r.signed(size)))
	}
}

func (m *machine) jump(distance int64) {
	to := int64(m.r.at) + distance
	if to < 0 || to > int64(m.r.end) {
		m.err = ErrMalformed
		return
	}
	m.r.at = int(to)
}

// rearrange copies or moves what is on the stack.
func (m *machine) rearrange(op byte) {
	switch op {
	case exprDup:
		m.pick(0)
	case exprDrop:
		m.pop()
	case exprOver:
		m.pick(1)
	case exprPick:
		m.pick(uint64(m.r.byte()))
	case exprSwap:
		b, a := m.pop(), m.pop()
		m.push(b)
		m.push(a)
	case exprRot: // the topmost becomes the third
		c, b, a := m.pop(), m.pop(), m.pop()
		m.push(c)
		m.push(a)
		m.push(b)
	default: // 0x18, xderef: there is one address space
		m.err = ErrMalformed
	}
}

// calculate pushes a op b.
func (m *machine) calculate(op byte, a, b uint64) {
	var v uint64
	switch op {
	case exprAnd:
		v = a & b
	case exprDiv:
		if b == 0 {
			m.err = ErrMalformed
			return
		}
		v = uint64(int64(a) / int64(b))
	case exprMinus:
		v = a - b
	case exprMod:
		if b == 0 {
			m.err = ErrMalformed
			return
		}
		v = a % b
	case exprMul:
		v = a * b
	case exprOr:
		v = a | b
	case exprPlus:
		v = a + b
	case exprShl:
		v = a << b
	case exprShr:
		v = a >> b
	case exprShra:
		v = uint64(int64(a) >> b)
	case exprXor:
		v = a ^ b
	}
	m.push(v)
}

// compare pushes 1 if a op b, else 0. They are signed.
func (m *machine) compare(op byte, a, b int64) {
	var holds bool
	switch op {
	case exprEq:
		holds = a == b
	case exprGe:
		holds = a >= b
	case exprGt:
		holds = a > b
	case exprLe:
		holds = a <= b
	case exprLt:
		holds = a < b
	case exprNe:
		holds = a != b
	}
	if holds {
		m.push(1)
	} else {
		m.push(0)
	}
}
