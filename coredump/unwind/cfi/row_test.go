package cfi

import (
	"errors"
	"reflect"
	"testing"
)

// The common instructions of amd64: CFA = rsp+8, return address at CFA-8.
var amd64Common = []byte{opDefCFA, 7, 8, opOffset | 16, 1}

func TestRow(t *testing.T) {
	cfa := func(register uint64, offset int64) Rule {
		return Rule{Kind: InRegister, Register: register, Offset: offset}
	}
	ra := Rule{Kind: AtOffset, Offset: -8}
	for _, test := range []struct {
		name    string
		program []byte
		at      uint64
		cfa     Rule
		rules   map[uint64]Rule
		signed  bool
		err     error
	}{
		{name: "common only", cfa: cfa(7, 8)},
		{name: "before an advance", program: []byte{opAdvance | 4, opDefCFAOffset, 16}, at: 3, cfa: cfa(7, 8)},
		{name: "after it", program: []byte{opAdvance | 4, opDefCFAOffset, 16}, at: 4, cfa: cfa(7, 16)},
		{name: "advance1", program: []byte{opAdvance1, 200, opDefCFAOffset, 16}, at: 200, cfa: cfa(7, 16)},
		{name: "advance2", program: []byte{opAdvance2, 0, 1, opDefCFAOffset, 16}, at: 256, cfa: cfa(7, 16)},
		{name: "advance4", program: []byte{opAdvance4, 0, 1, 0, 0, opDefCFAOffset, 16}, at: 255, cfa: cfa(7, 8)},
		{name: "advance8", program: []byte{opAdvance8, 0, 1, 0, 0, 0, 0, 0, 0, opDefCFAOffset, 16}, at: 256, cfa: cfa(7, 16)},
		{name: "set_loc", program: []byte{opSetLoc, 0x10, 0x10, 0, 0, 0, 0, 0, 0, opDefCFAOffset, 16}, at: 0x10, cfa: cfa(7, 16)},
		{name: "set_loc later", program: []byte{opSetLoc, 0x10, 0x10, 0, 0, 0, 0, 0, 0, opDefCFAOffset, 16}, at: 0xf, cfa: cfa(7, 8)},
		{
			name: "push %rbp, mov %rsp,%rbp", program: []byte{opAdvance | 1, opDefCFAOffset, 16, opOffset | 6, 2, opAdvance | 3, opDefCFARegister, 6},
			at: 4, cfa: cfa(6, 16), rules: map[uint64]Rule{6: {Kind: AtOffset, Offset: -16}},
		},
		{
			name: "remember, restore", program: []byte{opRememberState, opDefCFA, 6, 32, opOffset | 3, 4, opRestoreState},
			cfa: cfa(7, 8),
		},
		{
			name: "restore", program: []byte{opUndefined, 16, opOffset | 3, 4, opRestore | 16, opRestoreExtended, 3},
			cfa: cfa(7, 8),
		},
		{
			name: "offsets", program: []byte{opOffsetExtended, 1, 2, opOffsetExtendedSF, 2, 0x7e, opNegativeOffset, 3, 2, opValOffset, 4, 2, opValOffsetSF, 5, 0x7f},
			cfa: cfa(7, 8), rules: map[uint64]Rule{
				1: {Kind: AtOffset, Offset: -16}, 2: {Kind: AtOffset, Offset: 16}, 3: {Kind: AtOffset, Offset: 16},
				4: {Kind: IsOffset, Offset: -16}, 5: {Kind: IsOffset, Offset: 8},
			},
		},
		{
			name: "others", program: []byte{opSameValue, 1, opRegister, 2, 33, opUndefined, 3, opExpression, 4, 1, 0x96, opValExpression, 5, 2, 0x96, 0x96},
			cfa: cfa(7, 8), rules: map[uint64]Rule{
				1: {Kind: SameValue}, 2: {Kind: InRegister, Register: 33}, 3: {Kind: Undefined},
				4: {Kind: AtExpression, Expression: []byte{0x96}}, 5: {Kind: IsExpression, Expression: []byte{0x96, 0x96}},
			},
		},
		{name: "def_cfa_sf", program: []byte{opDefCFASF, 6, 0x7e}, cfa: cfa(6, 16)},
		{name: "def_cfa_offset_sf", program: []byte{opDefCFAOffsetSF, 0x7e}, cfa: cfa(7, 16)},
		{name: "def_cfa_expression", program: []byte{opDefCFAExpression, 1, 0x96}, cfa: Rule{Kind: IsExpression, Expression: []byte{0x96}}},
		{name: "args_size", program: []byte{opArgsSize, 0x80, 1, opDefCFAOffset, 16}, cfa: cfa(7, 16)},
		{name: "negate_ra_state", program: []byte{opNegateRAState, opAdvance | 4, opNegateRAState}, cfa: cfa(7, 8), signed: true},
		{name: "negate twice", program: []byte{opNegateRAState, opAdvance | 4, opNegateRAStatePC}, at: 4, cfa: cfa(7, 8)},
		{name: "a vector register", program: []byte{opOffsetExtended, 72, 2}, cfa: cfa(7, 8)},

		{name: "restore without remember", program: []byte{opRestoreState}, err: ErrMalformed},
		{name: "unknown", program: []byte{0x3e}, err: ErrMalformed},
		{name: "offset without a register", program: []byte{opDefCFAExpression, 0, opDefCFAOffset, 8}, err: ErrMalformed},
		{name: "expression longer than the rest", program: []byte{opDefCFAExpression, 99}, err: ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := assembler{}
			parent := a.common("", nil, amd64Common...)
			a.entry(parent, false, 0x1000, 0x1000, test.program...)
			e, ok := New(Section{}, Section{}, func() Section { return Section{Data: a.b} }).Find(0x1000 + test.at)
			if !ok {
				t.Fatal("not found")
			}
			var row Row
			if err := e.Row(0x1000+test.at, &row); !errors.Is(err, test.err) || err != nil {
				if test.err == nil || err == nil {
					t.Fatalf("got error %v, want %v", err, test.err)
				}
				return
			}
			want := Row{CFA: test.cfa, Signed: test.signed}
			want.Rules[16] = ra
			for number, rule := range test.rules {
				want.Rules[number] = rule
			}
			if !reflect.DeepEqual(row, want) {
				t.Errorf("got  %+v\nwant %+v", row, want)
			}
		})
	}
}

func TestRememberLimit(t *testing.T) {
	a := assembler{}
	parent := a.common("", nil, amd64Common...)
	var program []byte
	for range 1000 {
		program = append(program, opRememberState)
	}
	a.entry(parent, false, 0x1000, 16, program...)
	e, ok := New(Section{}, Section{}, func() Section { return Section{Data: a.b} }).Find(0x1000)
	var row Row
	if err := e.Row(0x1000, &row); !ok || !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v", err)
	}
}
