package board

import "supervise/internal/sys"

// The set of semaphores holds the number of changes modulo 1<<numberBits; the package's
// documentation tells how, and why so.
const (
	numberBits = 24
	gate       = 2 * numberBits // the semaphore that is never zero
	semaphores = gate + 1
)

// number is how many changes there were, modulo 1<<numberBits.
type number uint32

// values are those of all semaphores at n.
func (n number) values() []uint16 {
	values := make([]uint16, semaphores)
	for i := range numberBits {
		values[2*i] = uint16(n >> i & 1)
		values[2*i+1] = uint16(n>>i&1) ^ 1
	}
	values[gate] = 1
	return values
}

// numberOf reads the number out of the values.
func numberOf(values []uint16) (n number) {
	for i := range numberBits {
		if values[2*i] != 0 {
			n |= 1 << i
		}
	}
	return n
}

// advance appends the operations that change the set from n to the next number, which it
// returns.
func (n number) advance(ops []sys.SemOp) (number, []sys.SemOp) {
	next := (n + 1) % (1 << numberBits)
	for i := range numberBits {
		if (n^next)>>i&1 == 0 {
			continue
		}
		up := int16(next>>i&1)*2 - 1 // 1 when the bit becomes 1, else -1
		ops = append(ops, sys.SemOp{Num: uint16(2 * i), Op: up}, sys.SemOp{Num: uint16(2*i + 1), Op: -up})
	}
	return next, ops
}

// await returns the operations that sleep as long as the number is n.
func (n number) await() []sys.SemOp {
	ops := make([]sys.SemOp, 0, numberBits+1)
	for i := range numberBits {
		ops = append(ops, sys.SemOp{Num: uint16(2*i) + uint16(n>>i&1), Flags: sys.IPCNoWait})
	}
	return append(ops, sys.SemOp{Num: gate})
}
