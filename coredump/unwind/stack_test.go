package unwind

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"supervise/coredump/unwind/cfi"
)

// fake is a process with code from 0x1000 to 0x2000 and a stack from 0x8000.
type fake struct {
	code   [0x1000]byte
	stack  [0x1000]byte
	module *Module
}

const fakeCode, fakeStack = 0x1000, 0x8000

func (f *fake) Module(pc uint64) *Module {
	if f.Executable(pc) {
		return f.module
	}
	return nil
}

func (f *fake) Executable(addr uint64) bool { return addr-fakeCode < uint64(len(f.code)) }

func (f *fake) Read(addr uint64, b []byte) bool {
	for _, area := range []struct {
		at    uint64
		bytes []byte
	}{{fakeCode, f.code[:]}, {fakeStack, f.stack[:]}} {
		if offset := addr - area.at; offset < uint64(len(area.bytes)) {
			return copy(b, area.bytes[offset:]) == len(b)
		}
	}
	return false
}

// put writes words on the stack.
func (f *fake) put(at uint64, words ...uint64) {
	for i, w := range words {
		binary.LittleEndian.PutUint64(f.stack[at-fakeStack+8*uint64(i):], w)
	}
}

// writeCode writes instructions.
func (f *fake) writeCode(at uint64, code string) { copy(f.code[at-fakeCode:], code) }

func registersAMD64(pc, sp, bp uint64) Registers {
	r := Registers{Machine: AMD64}
	r.Set(amd64PC, pc)
	r.Set(amd64SP, sp)
	r.Set(amd64BP, bp)
	return r
}

func registersARM64(pc, sp, fp, lr uint64) Registers {
	r := Registers{Machine: ARM64}
	r.Set(arm64PC, pc)
	r.Set(arm64SP, sp)
	r.Set(arm64FP, fp)
	r.Set(arm64LR, lr)
	return r
}

// debugFrame is a section with one entry, for all of the code, of amd64's or arm64's register
// numbers.
func debugFrame(ra byte, signal bool, program ...byte) *Module {
	augmentation := "z"
	if signal {
		augmentation = "zS"
	}
	c := append([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1}, augmentation...)
	c = append(c, 0, 1, 0x78, ra, 0)
	e := binary.LittleEndian.AppendUint64([]byte{0, 0, 0, 0, 0, 0, 0, 0}, fakeCode)
	e = append(binary.LittleEndian.AppendUint64(e, 0x1000), 0)
	e = append(e, program...)
	binary.LittleEndian.PutUint32(c, uint32(len(c)-4))
	binary.LittleEndian.PutUint32(e, uint32(len(e)-4))
	return &Module{DebugFrame: func() cfi.Section { return cfi.Section{Data: append(c, e...)} }}
}

func TestStack(t *testing.T) {
	const call = "\xff\xd0" // call *%rax
	for _, test := range []struct {
		name   string
		regs   Registers
		module *Module
		set    func(*fake)
		want   []uint64
		err    error
	}{
		{name: "another machine", regs: Registers{Machine: 40}, err: ErrMachine},
		{name: "no registers", regs: Registers{Machine: AMD64}, err: ErrAddress},
		{
			name: "frame pointers", regs: registersAMD64(0x1100, 0x8000, 0x8010),
			set: func(f *fake) {
				f.writeCode(0x11fe, call)
				f.put(0x8010, 0x8020, 0x1200, 0, 0x1200)
			},
			want: []uint64{0x1100, 0x1200, 0x1200},
		},
		{
			name: "not after a call", regs: registersAMD64(0x1100, 0x8000, 0x8010),
			set:  func(f *fake) { f.put(0x8010, 0x8020, 0x1200) },
			want: []uint64{0x1100}, err: ErrTables,
		},
		{
			name: "frame pointer below the stack pointer", regs: registersAMD64(0x1100, 0x8020, 0x8010),
			set:  func(f *fake) { f.writeCode(0x11fe, call); f.put(0x8010, 0x8020, 0x1200) },
			want: []uint64{0x1100}, err: ErrTables,
		},
		{
			name: "circle of frame pointers", regs: registersAMD64(0x1100, 0x8000, 0x8010),
			set:  func(f *fake) { f.writeCode(0x11fe, call); f.put(0x8010, 0x8010, 0x1200) },
			want: []uint64{0x1100, 0x1200}, err: ErrTables,
		},
		{
			name: "outermost by frame pointer", regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100},
		},
		{
			name: "call of a null pointer", regs: registersAMD64(0, 0x8000, 0),
			set:  func(f *fake) { f.put(0x8000, 0x1200) },
			want: []uint64{0, 0x1200},
		},
		{
			name: "jump to nowhere", regs: registersAMD64(0x666, 0x8000, 0),
			set:  func(f *fake) { f.put(0x8000, 0x999) },
			want: []uint64{0x666}, err: ErrAddress,
		},
		{
			name: "arm64 call of a null pointer", regs: registersARM64(0, 0x8000, 0, 0x1200),
			want: []uint64{0, 0x1200},
		},
		{
			name: "push %rbp", regs: registersAMD64(0x1100, 0x8000, 0),
			set:  func(f *fake) { f.writeCode(0x1100, "\xf3\x0f\x1e\xfa\x55\x48\x89\xe5"); f.put(0x8000, 0x1200) },
			want: []uint64{0x1100, 0x1200},
		},
		{
			name: "mov %rsp,%rbp", regs: registersAMD64(0x1101, 0x8000, 0),
			set:  func(f *fake) { f.writeCode(0x1100, "\x55\x48\x89\xe5"); f.put(0x8000, 0, 0x1200) },
			want: []uint64{0x1101, 0x1200},
		},
		{
			name: "arm64 mov x29,sp", regs: registersARM64(0x1104, 0x8000, 0, 0x1200),
			set:  func(f *fake) { f.writeCode(0x1100, "\xfd\x7b\xbe\xa9") }, // stp x29,x30,[sp,#-32]!
			want: []uint64{0x1104, 0x1200},
		},
		{
			name: "signed link register", regs: registersARM64(0, 0x8000, 0, 0x00ab_0000_0000_1200),
			want: []uint64{0, 0x1200},
		},
		{
			// def_cfa rsp+16, ra at CFA-8
			name: "tables", module: debugFrame(16, false, 0x0c, 7, 16, 0x90, 1), regs: registersAMD64(0x1100, 0x8000, 0),
			set:  func(f *fake) { f.put(0x8000, 0, 0x1200, 0, 0x1300) },
			want: []uint64{0x1100, 0x1200, 0x1300},
		},
		{
			name: "the end by tables", module: debugFrame(16, false, 0x0c, 7, 16, 0x07, 16), regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100},
		},
		{
			name: "corrupt return address", module: debugFrame(16, false, 0x0c, 7, 8, 0x90, 1), regs: registersAMD64(0x1100, 0x8000, 0),
			set:  func(f *fake) { f.put(0x8000, 0x4141414141414141, 0x1300) },
			want: []uint64{0x1100, 0x4141414141414141}, err: ErrAddress,
		},
		{
			name: "the stack is not there", module: debugFrame(16, false, 0x0c, 7, 8, 0x90, 1), regs: registersAMD64(0x1100, 0x7000, 0),
			want: []uint64{0x1100}, err: ErrMemory,
		},
		{
			name: "a CFA that shrinks", module: debugFrame(16, false, 0x12, 7, 1, 0x90, 1), regs: registersAMD64(0x1100, 0x8100, 0),
			set:  func(f *fake) { f.put(0x80f0, 0x1200) },
			want: []uint64{0x1100}, err: ErrLoop,
		},
		{
			// def_cfa_expression: rsp+8+((rip & 15) >= 11)<<3, as the linker has it for the PLT
			name:   "PLT before its push",
			module: debugFrame(16, false, 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22, 0x90, 1),
			regs:   registersAMD64(0x110a, 0x8000, 0), set: func(f *fake) { f.put(0x8000, 0x1200) },
			want: []uint64{0x110a, 0x1200},
		},
		{
			name:   "PLT after its push",
			module: debugFrame(16, false, 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22, 0x90, 1),
			regs:   registersAMD64(0x110b, 0x8000, 0), set: func(f *fake) { f.put(0x8000, 5, 0x1200) },
			want: []uint64{0x110b, 0x1200},
		},
		{
			// Every frame is a signal's, and the CFA is where rsp already is: same_value.
			name: "circle of signal frames", module: debugFrame(16, true, 0x0c, 7, 0), regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100, 0x1100}, err: ErrLoop,
		},
		{
			name: "a link register that stays", module: debugFrame(30, false, 0x0c, 31, 16), regs: registersARM64(0x1100, 0x8000, 0, 0x1200),
			want: []uint64{0x1100, 0x1200}, err: ErrLoop,
		},
		{
			name: "no rule for the return address", module: debugFrame(16, false, 0x0c, 7, 16), regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100}, err: ErrLoop,
		},
		{
			name: "unknown return address", module: debugFrame(99, false, 0x0c, 7, 16), regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100}, err: ErrTables,
		},
		{
			name: "malformed table, then the frame pointer", module: debugFrame(16, false, 0x3e), regs: registersAMD64(0x1100, 0x8000, 0),
			want: []uint64{0x1100},
		},
		{
			name: "endless recursion", module: debugFrame(16, false, 0x0c, 7, 8, 0x90, 1), regs: registersAMD64(0x1100, 0x8000, 0),
			set: func(f *fake) {
				for at := uint64(fakeStack); at < fakeStack+0x1000; at += 8 {
					f.put(at, 0x1200)
				}
			},
			want: []uint64{0x1100, 0x1200, 0x1200, 0x1200, 0x1200, 0x1200}, err: ErrLimit,
		},
		{
			name: "trampoline of musl", regs: registersAMD64(0x1101, 0x8000, 0),
			set: func(f *fake) {
				f.writeCode(0x1100, "\x55\x48\x89\xe5")
				f.writeCode(0x1200, amd64SigreturnMusl)
				f.put(0x8000, 0, 0x1200)              // the trampoline as the return address, then the ucontext
				f.put(0x8010+40+8*15, 0x8800, 0x1300) // rsp, rip
			},
			want: []uint64{0x1101, 0x1200, 0x1300},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fake{module: test.module}
			if test.set != nil {
				test.set(f)
			}
			frames, err := Stack(f, test.regs, 6)
			var got []uint64
			for i := range frames {
				got = append(got, frames[i].PC)
			}
			if !slices.Equal(got, test.want) || !errors.Is(err, test.err) {
				t.Errorf("got %#x, %v, want %#x, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestFrameless(t *testing.T) {
	f := &fake{module: &Module{Function: func(pc uint64) (begin, end uint64, ok bool) { return 0x1100, 0x1150, true }}}
	f.writeCode(0x11fb, "\xe8\x00\xff\xff\xff") // call 0x1100
	f.put(0x8000, 0x1200)
	frames, _ := Stack(f, registersAMD64(0x1110, 0x8000, 0x8100), 2)
	if len(frames) != 2 || frames[1].PC != 0x1200 || frames[1].By != ByCall {
		t.Errorf("got %+v", frames)
	}
}

func FuzzStack(f *testing.F) {
	f.Add([]byte{0x0c, 7, 16, 0x90, 1}, []byte{1, 2, 3}, uint64(0x1100), uint64(0x8000), false, false)
	f.Add([]byte{0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22, 0x90, 1}, []byte{1}, uint64(0x1100), uint64(0x8000), true, false)
	f.Add([]byte{0x0c, 31, 16, 0x9e, 1}, []byte{0, 0x12, 0, 0, 0, 0, 0, 0}, uint64(0x1100), uint64(0x8000), true, true)
	f.Add([]byte{0x3e}, []byte{0x10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x12}, uint64(0x1100), uint64(0x8000), false, false)
	f.Fuzz(func(t *testing.T, program, stack []byte, pc, sp uint64, signal, arm bool) {
		source := &fake{}
		for i := range source.stack {
			if len(stack) > 0 {
				source.stack[i] = stack[i%len(stack)]
			}
		}
		regs, ra := registersAMD64(pc, sp, sp), byte(amd64PC)
		if arm {
			regs, ra = registersARM64(pc, sp, sp, pc+8), arm64LR
		}
		source.module = debugFrame(ra, signal, program...)
		source.module.Go = func(pc uint64) (GoFunction, bool) {
			names := []string{"runtime.systemstack", "runtime.morestack", "runtime.sigpanic", "main.main"}
			return GoFunction{Name: names[pc/16%4], FrameSize: pc & 0xff}, len(stack)%2 == 0
		}
		frames, err := Stack(source, regs, 1000)
		if len(frames) > 1000 || len(frames) == 0 || len(frames) == 1000 && !errors.Is(err, ErrLimit) {
			t.Errorf("%d frames, %v", len(frames), err)
		}
	})
}
