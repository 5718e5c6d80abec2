package cfi

import (
	"errors"
	"testing"
)

// fakes are registers n with the value 1000n, and memory that has its own address in it.
type fakes struct{}

func (fakes) Register(number uint64) (uint64, bool) { return 1000 * number, number < 32 }

func (fakes) Memory(addr uint64, size int) (uint64, bool) {
	return addr & (1<<(8*size-1)<<1 - 1), addr != 0
}

func TestEvaluate(t *testing.T) {
	minus := func(v uint64) uint64 { return -v }
	for _, test := range []struct {
		name       string
		expression []byte
		want       uint64
		err        error
	}{
		{name: "initial", expression: nil, want: 77},
		{name: "addr", expression: []byte{exprAddr, 1, 0, 0, 0, 0, 0, 0, 0}, want: 0x5000001},
		{name: "const1u", expression: []byte{exprConst1u, 0xff}, want: 255},
		{name: "const1s", expression: []byte{exprConst1u + 1, 0xff}, want: minus(1)},
		{name: "const2u", expression: []byte{exprConst1u + 2, 0xff, 0xff}, want: 0xffff},
		{name: "const2s", expression: []byte{exprConst1u + 3, 0xfe, 0xff}, want: minus(2)},
		{name: "const4u", expression: []byte{exprConst1u + 4, 0xff, 0xff, 0xff, 0xff}, want: 0xffffffff},
		{name: "const4s", expression: []byte{exprConst1u + 5, 0xfd, 0xff, 0xff, 0xff}, want: minus(3)},
		{name: "const8u", expression: []byte{exprConst1u + 6, 1, 0, 0, 0, 0, 0, 0, 0x80}, want: 1<<63 + 1},
		{name: "const8s", expression: []byte{exprConst8s, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, want: minus(1)},
		{name: "constu", expression: []byte{exprConstu, 0x80, 1}, want: 128},
		{name: "consts", expression: []byte{exprConsts, 0x80, 0x7f}, want: minus(128)},
		{name: "dup", expression: []byte{exprDup, exprPlus}, want: 154},
		{name: "drop", expression: []byte{exprLit0 + 1, exprDrop}, want: 77},
		{name: "over", expression: []byte{exprLit0 + 1, exprOver, exprMinus}, want: minus(76)},
		{name: "pick", expression: []byte{exprLit0 + 1, exprLit0 + 2, exprPick, 2}, want: 77},
		{name: "swap", expression: []byte{exprLit0 + 1, exprSwap, exprMinus}, want: minus(76)},
		{name: "rot", expression: []byte{exprLit0 + 1, exprLit0 + 2, exprRot}, want: 1},
		{name: "rot, the rest", expression: []byte{exprLit0 + 1, exprLit0 + 2, exprRot, exprDrop, exprMinus}, want: minus(75)},
		{name: "abs", expression: []byte{exprNeg, exprAbs}, want: 77},
		{name: "and", expression: []byte{exprLit0 + 15, exprAnd}, want: 13},
		{name: "div", expression: []byte{exprNeg, exprLit0 + 7, exprDiv}, want: minus(11)},
		{name: "mod", expression: []byte{exprLit0 + 10, exprMod}, want: 7},
		{name: "mul", expression: []byte{exprLit0 + 2, exprMul}, want: 154},
		{name: "not", expression: []byte{exprNot}, want: ^uint64(77)},
		{name: "or", expression: []byte{exprLit0 + 2, exprOr}, want: 79},
		{name: "plus_uconst", expression: []byte{exprPlusUconst, 0x80, 1}, want: 205},
		{name: "shl", expression: []byte{exprLit0 + 1, exprShl}, want: 154},
		{name: "shl of everything", expression: []byte{exprConst1u, 64, exprShl}, want: 0},
		{name: "shr", expression: []byte{exprNeg, exprLit0 + 4, exprShr}, want: minus(77) >> 4},
		{name: "shra", expression: []byte{exprNeg, exprLit0 + 4, exprShra}, want: minus(5)},
		{name: "xor", expression: []byte{exprLit0 + 1, exprXor}, want: 76},
		{name: "eq", expression: []byte{exprDup, exprEq}, want: 1},
		{name: "ge", expression: []byte{exprConsts, 0x7f, exprGe}, want: 1},
		{name: "gt", expression: []byte{exprConsts, 0x7f, exprSwap, exprGt}, want: 0},
		{name: "le", expression: []byte{exprConsts, 0x7f, exprLe}, want: 0},
		{name: "lt", expression: []byte{exprConsts, 0x7f, exprSwap, exprLt}, want: 1},
		{name: "ne", expression: []byte{exprLit31, exprNe}, want: 1},
		{name: "skip", expression: []byte{exprSkip, 1, 0, 0xff, exprNop}, want: 77},
		{name: "bra", expression: []byte{exprLit0 + 1, exprBra, 1, 0, 0xff}, want: 77},
		{name: "no bra", expression: []byte{exprLit0, exprBra, 1, 0, exprNot}, want: ^uint64(77)},
		{name: "bra back", expression: []byte{exprLit0 + 1, exprMinus, exprDup, exprBra, 0xfa, 0xff}, want: 0},
		{name: "breg", expression: []byte{exprBreg0 + 7, 0x78}, want: 6992},
		{name: "bregx", expression: []byte{exprBregx, 7, 8}, want: 7008},
		{name: "deref", expression: []byte{exprDeref}, want: 77},
		{name: "deref_size", expression: []byte{exprConst1u + 2, 0x34, 0x12, exprDerefSize, 1}, want: 0x34},
		{
			name:       "the linker's for the PLT", // rsp + 8 + ((rip & 15) >= 11) << 3
			expression: []byte{exprBreg0 + 7, 8, exprBreg0 + 16, 0, exprLit0 + 15, exprAnd, exprLit0 + 11, exprGe, exprLit0 + 3, exprShl, exprPlus},
			want:       7008, // 16000 & 15 is 0
		},

		{name: "nothing to pop", expression: []byte{exprDrop, exprPlus}, err: ErrMalformed},
		{name: "empty at the end", expression: []byte{exprDrop}, err: ErrMalformed},
		{name: "cut", expression: []byte{exprConst8s, 1}, err: ErrMalformed},
		{name: "div by 0", expression: []byte{exprLit0, exprDiv}, err: ErrMalformed},
		{name: "mod by 0", expression: []byte{exprLit0, exprMod}, err: ErrMalformed},
		{name: "pick too deep", expression: []byte{exprPick, 1}, err: ErrMalformed},
		{name: "skip out of it", expression: []byte{exprSkip, 1, 0}, err: ErrMalformed},
		{name: "skip before it", expression: []byte{exprSkip, 0, 0x80}, err: ErrMalformed},
		{name: "deref of nine bytes", expression: []byte{exprDerefSize, 9}, err: ErrMalformed},
		{name: "unknown operation", expression: []byte{0xe0}, err: ErrMalformed},
		{name: "xderef", expression: []byte{0x18}, err: ErrMalformed},
		{name: "unknown register", expression: []byte{exprBregx, 40, 0}, err: ErrUnknown},
		{name: "unknown memory", expression: []byte{exprLit0, exprDeref}, err: ErrUnknown},
		{name: "endless", expression: []byte{exprSkip, 0xfd, 0xff}, err: ErrEndless},
		{name: "growing", expression: []byte{exprDup, exprSkip, 0xfc, 0xff}, err: ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Evaluate(test.expression, fakes{}, 0x5000000, 77)
			if !errors.Is(err, test.err) || err == nil && got != test.want {
				t.Errorf("got %d, %v, want %d, %v", int64(got), err, int64(test.want), test.err)
			}
		})
	}
}
