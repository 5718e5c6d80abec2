package unwind

import "errors"

// Stack returns the frames of a thread with the given registers, innermost first, at most
// limit. The error says why it has not found the outermost frame, and is an [*Error]; the
// frames before that are returned all the same.
func Stack(source Source, regs Registers, limit int) ([]Frame, error) {
	u := unwinder{source: source, regs: regs}
	switch regs.Machine {
	case AMD64:
		u.arch = amd64{}
	case ARM64:
		u.arch = arm64{}
	default:
		return nil, &Error{Err: ErrMachine}
	}
	pc, ok := regs.Get(u.arch.numbers().pc)
	if !ok {
		return nil, &Error{Err: ErrAddress}
	}
	frame := Frame{PC: pc, Exact: true, By: Given}
	for len(u.frames) < limit {
		caller, err := u.step(&frame)
		u.frames = append(u.frames, frame)
		switch {
		case errors.Is(err, errOutermost):
			return u.frames, nil
		case err != nil:
			return u.frames, &Error{PC: frame.PC, Err: err}
		}
		frame = caller
	}
	return u.frames, &Error{PC: frame.PC, Err: ErrLimit}
}

// What a method answers beside an error that ends the backtrace.
var (
	errNotMine   = errors.New("this method does not know the address")
	errOutermost = errors.New("the frame has no caller")
)

// unwinder is one backtrace on its way.
type unwinder struct {
	source Source
	arch   architecture
	regs   Registers // in the present frame
	frames []Frame   // those inside of it

	scratch scratch
}

// architecture is what differs between machines, beside their tables.
type architecture interface {
	numbers() numbers
	// trampoline reports whether the code at pc is that of rt_sigreturn.
	trampoline(u *unwinder, pc uint64) bool
	// interrupted sets regs to what a signal has interrupted, by what the kernel has left at
	// the trampoline's stack pointer.
	interrupted(u *unwinder, frame *Frame, regs *Registers) bool
	// above returns the stack pointer of the caller of a function whose frame pointer is fp;
	// its own is next.
	above(fp, next uint64) uint64
	// called finds the caller of a function that has not yet changed the stack, and of
	// whatever has been called where no function is.
	called(u *unwinder, regs *Registers) bool
	// begun is called for a function that has just begun, or is about to return, if its
	// instructions at pc say so.
	begun(u *unwinder, pc uint64, regs *Registers) bool
	// afterCall reports whether the instruction before pc is a call, or is not known.
	afterCall(u *unwinder, pc uint64) bool
	// target returns the function that is called by the direct call before pc.
	target(u *unwinder, pc uint64) (uint64, bool)
	// goCaller finds the caller of a function in Go.
	goCaller(u *unwinder, f GoFunction, regs *Registers) bool
	// injected undoes what Go's signal handler has done to make it look as if the interrupted
	// instruction had called a function.
	injected(u *unwinder, regs *Registers) bool
}

// numbers are the numbers of registers that have a role.
type numbers struct {
	pc, sp, fp uint64
	g          uint64 // where Go keeps the goroutine, runtime.g
}

// caller is what a method has found out.
type caller struct {
	regs   Registers
	by     Method
	signal bool // the frame is a trampoline
	exact  bool // the caller was interrupted
	moved  bool // the stack may be another one
}

// step finds the caller of frame, whose registers are u.regs, and completes frame.
func (u *unwinder) step(frame *Frame) (Frame, error) {
	next, err := u.find(frame)
	frame.Signal = next.signal
	if err != nil {
		return Frame{}, err
	}
	n := u.arch.numbers()
	pc, ok := next.regs.Get(n.pc)
	if !ok {
		return Frame{}, ErrMemory
	}
	before, _ := u.regs.Get(n.sp)
	sp, _ := next.regs.Get(n.sp)
	frame.CFA = sp
	if pc == 0 && !next.signal {
		return Frame{}, errOutermost
	}
	switch {
	case next.signal || next.moved:
		// The stack may be any, but this must not be where we have been.
		for i := range u.frames {
			if f := &u.frames[i]; f.PC == frame.PC && f.CFA == sp {
				return Frame{}, ErrLoop
			}
		}
	case sp < before || sp == before && !frame.Exact:
		return Frame{}, ErrLoop
	}
	u.regs = next.regs
	return Frame{PC: pc, Exact: next.signal || next.exact, By: next.by}, nil
}

// find asks one method after the other, as package unwind's documentation has them.
func (u *unwinder) find(frame *Frame) (caller, error) {
	address := frame.Lookup()
	module := u.source.Module(address)
	for method := range methods {
		next, err := u.by(method, frame, module)
		if err != errNotMine {
			return next, err
		}
	}
	return caller{}, ErrTables
}

// methods is how many there are.
const methods = 7

// by asks one method. Closures of them would be made anew for each frame.
func (u *unwinder) by(method int, frame *Frame, module *Module) (caller, error) {
	switch method {
	case 0:
		return u.byFirstTrampoline(frame, module)
	case 1:
		return u.byHeader(frame, module)
	case 2:
		return u.byGo(frame, module)
	case 3:
		return u.byIndex(frame, module)
	case 4:
		return u.byTrampoline(frame, module)
	case 5:
		return u.byCall(frame, module)
	}
	return u.byPointer(frame, module)
}

func (u *unwinder) byFirstTrampoline(frame *Frame, module *Module) (caller, error) {
	if u.regs.Machine != ARM64 {
		return caller{}, errNotMine
	}
	return u.byTrampoline(frame, module)
}

// byTrampoline recognises the instructions that end a signal's handler. A handler returns to
// the first of them.
func (u *unwinder) byTrampoline(frame *Frame, _ *Module) (caller, error) {
	if !u.arch.trampoline(u, frame.PC) {
		return caller{}, errNotMine
	}
	next := caller{regs: u.regs, by: ByTrampoline, signal: true}
	if !u.arch.interrupted(u, frame, &next.regs) {
		return next, ErrMemory
	}
	return next, nil
}

// byCall finds the caller of an innermost frame that has not got a frame yet: because the
// address that was called is not code, or because the function has just begun.
func (u *unwinder) byCall(frame *Frame, module *Module) (caller, error) {
	if !frame.Exact {
		if !u.source.Executable(frame.PC) {
			return caller{}, ErrAddress
		}
		return caller{}, errNotMine
	}
	next := caller{regs: u.regs, by: ByCall}
	if u.source.Executable(frame.PC) {
		if u.arch.begun(u, frame.PC, &next.regs) || u.frameless(frame.PC, module, &next.regs) {
			return next, nil
		}
		return caller{}, errNotMine
	}
	if !u.arch.called(u, &next.regs) {
		return caller{}, ErrMemory
	}
	if pc, _ := next.regs.Get(u.arch.numbers().pc); !u.source.Executable(pc) {
		return caller{}, ErrAddress
	}
	return next, nil
}

// frameless reports whether the return address is still where the call has put it, because
// there is a call of this very function before it. One inside of the function itself may be
// what is left of a recursion.
func (u *unwinder) frameless(pc uint64, module *Module, regs *Registers) bool {
	if module == nil || module.Function == nil {
		return false
	}
	begin, end, ok := module.Function(pc - module.Bias)
	if !ok || !u.arch.called(u, regs) {
		return false
	}
	back, _ := regs.Get(u.arch.numbers().pc)
	if back-module.Bias >= begin && back-module.Bias < end {
		return false
	}
	target, ok := u.arch.target(u, back)
	return ok && target-module.Bias == begin
}

// byPointer follows the frame pointer, if there is a frame of the usual form: the caller's
// frame pointer, and above it the return address.
func (u *unwinder) byPointer(*Frame, *Module) (caller, error) {
	n := u.arch.numbers()
	fp, known := u.regs.Get(n.fp)
	sp, _ := u.regs.Get(n.sp)
	if known && fp == 0 {
		return caller{}, errOutermost // so does the ABI mark the outermost frame
	}
	if !known || fp < sp || fp%8 != 0 {
		return caller{}, ErrTables
	}
	pointer, ok := u.word(fp)
	pc, ok2 := u.word(fp + 8)
	if !ok || !ok2 {
		return caller{}, ErrTables
	}
	pc = u.regs.code(pc)
	if pc == 0 {
		return caller{}, errOutermost
	}
	if !u.source.Executable(pc) || !u.arch.afterCall(u, pc) && !u.arch.trampoline(u, pc) {
		return caller{}, ErrTables
	}
	next := caller{regs: u.regs, by: ByPointer}
	next.regs.Set(n.pc, pc)
	next.regs.Set(n.fp, pointer)
	next.regs.Set(n.sp, u.arch.above(fp, pointer))
	return next, nil
}

// word reads eight bytes.
func (u *unwinder) word(addr uint64) (uint64, bool) { return u.Memory(addr, 8) }

// Memory reads a number of size bytes, 8 at most. It and Register make the unwinder a
// [cfi.Context].
func (u *unwinder) Memory(addr uint64, size int) (uint64, bool) {
	b := u.scratch.memory[:size]
	if !u.source.Read(addr, b) {
		return 0, false
	}
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v, true
}

// Register returns a register of the present frame.
func (u *unwinder) Register(number uint64) (uint64, bool) { return u.regs.Get(number) }

// codeIs reports whether the memory at pc has these instructions.
func (u *unwinder) codeIs(pc uint64, code string) bool {
	b := u.scratch.code[:len(code)]
	return u.source.Read(pc, b) && string(b) == code
}
