package mini

import (
	"supervise/coredump/elfcore"
)

const (
	// redZone is what a function may use below its stack pointer: System V ABI of amd64.
	redZone = 128
	// atLeast is what each thread has of its stack, if there is room at all.
	atLeast = 512
	// overflow is how far below its stack a thread is looked for that has used all of it.
	overflow = 1 << 20
	// maxInterrupted is how many stacks a thread may have left for signal handlers.
	maxInterrupted = 4
)

// stacks copies the stacks of all threads.
func (p *plan) stacks() {
	bounds := make([][]bounds, len(p.threads))
	for i := range p.threads {
		bounds[i] = p.goroutines(&p.threads[i])
	}
	limit := p.fairLimit(bounds)
	for i := range p.threads {
		own := limit
		if i == 0 {
			own = p.o.Stack
		}
		p.stack(&p.threads[i], bounds[i], own)
	}
}

// fairLimit returns how much each thread may have if all get some of three quarters of the
// room: at most Options.Stack, at least a page.
func (p *plan) fairLimit(bounds [][]bounds) int64 {
	limit := p.o.Stack
	for ; limit > page; limit /= 2 {
		var sum int64
		for i := range p.threads {
			start, end := p.window(p.threads[i].Registers.SP(), bounds[i], limit)
			sum += int64(end - start)
		}
		if sum <= p.room/4*3 {
			break
		}
	}
	return max(limit, page)
}

// stack copies the stack of a thread. If it handles a signal on a stack of its own, the context
// on that says where it was interrupted, and the stack there is copied too.
func (p *plan) stack(t *elfcore.Thread, bounds []bounds, limit int64) {
	todo := []uint64{t.Registers.SP()}
	for _, b := range bounds {
		if b.sp != 0 {
			todo = append(todo, b.sp)
		}
	}
	for interrupted := 0; len(todo) > 0; todo = todo[1:] {
		start, end := p.window(todo[0], bounds, limit)
		if start == end {
			continue
		}
		p.add(start, end)
		p.each(start, end, func(addr uint64, data []byte) {
			for _, sp := range contexts(p.head.Machine, data, addr, start) {
				if (sp < start || sp >= end) && interrupted < maxInterrupted {
					interrupted++
					todo = append(todo, sp)
				}
			}
		})
	}
}

// window returns which memory is the stack above a stack pointer; start and end are the same
// if there is none.
func (p *plan) window(sp uint64, bounds []bounds, limit int64) (start, end uint64) {
	s := p.find(sp)
	if s == nil || s.Start > sp && s.Start-sp > overflow {
		return 0, 0
	}
	start, end = s.Start, dumpedEnd(s)
	for _, b := range bounds {
		if b.low <= sp && sp < b.high {
			end = min(end, max(b.high, start))
		}
	}
	sp = max(sp, start)
	from := sp
	if limit > page && sp-start > redZone {
		from -= redZone
	}
	// Of little, what is above the stack pointer is the more important part.
	most := max((sp+uint64(limit))&^(page-1), (sp+atLeast+page-1)&^(page-1))
	return max(from&^(page-1), start), min(end, most)
}

// The mark of a context that the kernel has saved for a signal handler, and where the stack
// pointer stands before it: struct ucontext of both architectures.
const (
	amd64Selectors = 0x002b_0000_0000_0033 // cs, gs, fs, ss of a 64-bit program
	amd64Back      = 24
	arm64FPMagic   = 0x210_4650_8001 // the head of struct fpsimd_context
	arm64Back      = 32
)

// contexts returns the stack pointers of the contexts in data, from the address from on.
func contexts(machine elfcore.Machine, data []byte, addr, from uint64) (pointers []uint64) {
	mark, back := uint64(amd64Selectors), amd64Back
	if machine == elfcore.ARM64 {
		mark, back = arm64FPMagic, arm64Back
	}
	first := back
	if from > addr {
		first += int(from-addr) &^ 7
	}
	for i := first; i+8 <= len(data); i += 8 {
		if order.Uint64(data[i:]) == mark && len(pointers) < maxInterrupted {
			pointers = append(pointers, order.Uint64(data[i-back:]))
		}
	}
	return pointers
}
