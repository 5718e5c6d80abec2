package mini

import (
	"slices"

	"supervise/coredump/elfcore"
)

// bounds are where a stack ends that lies between other memory, as those of goroutines do in
// the heap. sp is the stack pointer of one that the thread has left, else 0.
type bounds struct{ low, high, sp uint64 }

// Offsets in Go's runtime.g and runtime.m, the same since Go 1.5.
const (
	goLow  = 0 // g.stack
	goHigh = 8
	goM    = 48 // g.m
	goSP   = 56 // g.sched.sp
	goG0   = 0  // m.g0

	sizeOfG = 512
	sizeOfM = 512 // as far as the goroutines of a thread stand in it: g0, gsignal, curg
	maxGo   = 1 << 30
)

// goroutines finds and copies what Go's runtime knows of a thread, and returns the stacks that
// the thread uses. Other programs have none.
func (p *plan) goroutines(t *elfcore.Thread) (found []bounds) {
	m := p.machineOf(t)
	if m == 0 {
		return nil
	}
	b := make([]byte, sizeOfM)
	b = b[:p.read(b, m)&^7]
	p.add(m, m+sizeOfM)
	var seen []uint64
	for ; len(b) > 0; b = b[8:] {
		g := order.Uint64(b)
		if g == 0 || g&7 != 0 || slices.Contains(seen, g) || p.at(g) == nil || p.word(g+goM) != m {
			continue
		}
		seen = append(seen, g)
		stack := bounds{low: p.word(g + goLow), high: p.word(g + goHigh), sp: p.word(g + goSP)}
		if stack.low >= stack.high || stack.high-stack.low > maxGo {
			continue
		}
		if stack.sp < stack.low || stack.sp >= stack.high {
			stack.sp = 0
		}
		p.add(g, g+sizeOfG)
		found = append(found, stack)
	}
	return found
}

// machineOf returns the address of the runtime.m of a thread, 0 for a thread that is not Go's.
func (p *plan) machineOf(t *elfcore.Thread) uint64 {
	candidates := []uint64{t.Registers.Values[28]} // arm64 keeps g in x28
	if t.Registers.Machine == elfcore.AMD64 {
		const r14 = 1 // and amd64 in r14, while it runs Go code
		candidates = []uint64{t.Registers.Values[r14], 0}
		if t.TLS >= 8 {
			candidates[1] = p.word(t.TLS - 8)
		}
	}
	for _, g := range candidates {
		if g == 0 || g&7 != 0 || p.at(g) == nil {
			continue
		}
		m := p.word(g + goM)
		if m != 0 && p.at(m) != nil && p.word(p.word(m+goG0)+goM) == m {
			return m
		}
	}
	return 0
}
