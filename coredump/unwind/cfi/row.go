package cfi

// Registers is how many registers a [Row] has rules for: number 0 to 34. Those above that have
// no part in finding a caller.
const Registers = 35

// Kind says how a register's value in the caller is found. DWARF 5, section 6.4.1.
type Kind uint8

// The kinds of rules.
const (
	Unspecified  Kind = iota // the machine's convention: for most registers the same value
	SameValue                // it is unchanged
	Undefined                // it is lost; for the return address: there is no caller
	AtOffset                 // in memory at CFA + Offset
	IsOffset                 // the value is CFA + Offset
	InRegister               // it is in Register; for the CFA: plus Offset
	AtExpression             // in memory at the value of Expression
	IsExpression             // the value of Expression
)

// Rule says how to find one value.
type Rule struct {
	Kind       Kind
	Register   uint64
	Offset     int64
	Expression []byte // for Evaluate, with the CFA as the initial value
}

// Row is what a table says of one address.
type Row struct {
	CFA   Rule // InRegister or IsExpression (without an initial value)
	Rules [Registers]Rule
	// Signed says that the return address is signed (arm64).
	Signed bool
}

// Row puts into row what the entry says of an address from Begin to End.
func (e *Entry) Row(pc uint64, row *Row) error {
	*row = Row{}
	m := program{row: row, common: &e.common, pc: pc, location: e.Begin}
	if !m.run(e.common.program) {
		return ErrMalformed
	}
	m.initial, m.begun = row.Rules, true
	if !m.run(e.program) || row.CFA.Kind == Unspecified {
		return ErrMalformed
	}
	return nil
}

// program is the run of an entry's instructions.
type program struct {
	row     *Row
	common  *common
	initial [Registers]Rule // what the common instructions have made
	begun   bool            // these have been run

	pc, location uint64
	remembered   []Row
}

// rememberedMax is the limit of nested remember_state. Compilers nest none.
const rememberedMax = 16

// run carries out instructions up to those that are for addresses above pc.
func (m *program) run(r reader) bool {
	for r.at < r.end && !r.bad {
		op := r.byte()
		delta, isAdvance := m.advance(&r, op)
		switch {
		case isAdvance:
			m.location += delta * m.common.code
			if m.location > m.pc {
				return true
			}
		case op == opSetLoc:
			m.location = r.pointer(m.common.encoding, 0)
			if m.location > m.pc {
				return !r.bad
			}
		default:
			if !m.step(&r, op) {
				return false
			}
		}
	}
	return !r.bad
}

// The call frame instructions: DWARF 5, section 7.24; those with operands in their lower six
// bits are the upper two.
const (
	opAdvance = 0x40
	opOffset  = 0x80
	opRestore = 0xc0

	opNop                   = 0x00
	opSetLoc                = 0x01
	opAdvance1              = 0x02
	opAdvance2              = 0x03
	opAdvance4              = 0x04
	opOffsetExtended        = 0x05
	opRestoreExtended       = 0x06
	opUndefined             = 0x07
	opSameValue             = 0x08
	opRegister              = 0x09
	opRememberState         = 0x0a
	opRestoreState          = 0x0b
	opDefCFA                = 0x0c
	opDefCFARegister        = 0x0d
	opDefCFAOffset          = 0x0e
	opDefCFAExpression      = 0x0f
	opExpression            = 0x10
	opOffsetExtendedSF      = 0x11
	opDefCFASF              = 0x12
	opDefCFAOffsetSF        = 0x13
	opValOffset             = 0x14
	opValOffsetSF           = 0x15
	opValExpression         = 0x16
	opAdvance8              = 0x1d // DW_CFA_MIPS_advance_loc8
	opNegateRAStatePC       = 0x2c // DW_CFA_AARCH64_negate_ra_state_with_pc
	opNegateRAState         = 0x2d // DW_CFA_AARCH64_negate_ra_state, on SPARC GNU_window_save
	opArgsSize              = 0x2e // DW_CFA_GNU_args_size
	opNegativeOffset        = 0x2f // DW_CFA_GNU_negative_offset_extended
	opLowerBits        byte = 0x3f
)

// advance reads the operand of an instruction that goes on to a later address.
func (m *program) advance(r *reader, op byte) (delta uint64, ok bool) {
	switch {
	case op&^opLowerBits == opAdvance:
		return uint64(op & opLowerBits), true
	case op == opAdvance1:
		return r.unsigned(1), true
	case op == opAdvance2:
		return r.unsigned(2), true
	case op == opAdvance4:
		return r.unsigned(4), true
	case op == opAdvance8:
		return r.unsigned(8), true
	}
	return 0, false
}

// step carries out an instruction that changes the row.
func (m *program) step(r *reader, op byte) bool {
	switch op &^ opLowerBits {
	case opOffset:
		m.set(uint64(op&opLowerBits), Rule{Kind: AtOffset, Offset: int64(r.uleb()) * m.common.data})
		return true
	case opRestore:
		return m.restore(uint64(op & opLowerBits))
	}
	switch op {
	case opNop:
	case opArgsSize:
		r.uleb()
	case opNegateRAState, opNegateRAStatePC:
		m.row.Signed = !m.row.Signed
	case opRememberState:
		m.remembered = append(m.remembered, *m.row)
		return len(m.remembered) <= rememberedMax
	case opRestoreState:
		last := len(m.remembered) - 1
		if last < 0 {
			return false
		}
		*m.row, m.remembered = m.remembered[last], m.remembered[:last]
	case opDefCFA, opDefCFASF, opDefCFARegister, opDefCFAOffset, opDefCFAOffsetSF, opDefCFAExpression:
		return m.defineCFA(r, op)
	default:
		return m.defineRegister(r, op)
	}
	return true
}

// defineCFA changes the rule for the canonical frame address.
func (m *program) defineCFA(r *reader, op byte) bool {
	cfa := &m.row.CFA
	switch op {
	case opDefCFA:
		*cfa = Rule{Kind: InRegister, Register: r.uleb(), Offset: int64(r.uleb())}
	case opDefCFASF:
		*cfa = Rule{Kind: InRegister, Register: r.uleb(), Offset: r.sleb() * m.common.data}
	case opDefCFAExpression:
		*cfa = Rule{Kind: IsExpression, Expression: r.block()}
	case opDefCFARegister:
		cfa.Register = r.uleb()
		return cfa.Kind == InRegister
	case opDefCFAOffset:
		cfa.Offset = int64(r.uleb())
		return cfa.Kind == InRegister
	case opDefCFAOffsetSF:
		cfa.Offset = r.sleb() * m.common.data
		return cfa.Kind == InRegister
	}
	return true
}

// defineRegister changes the rule for a register, which is the instruction's first operand;
// false for an instruction that is not known.
func (m *program) defineRegister(r *reader, op byte) bool {
	number := r.uleb()
	var rule Rule
	switch op {
	case opOffsetExtended:
		rule = Rule{Kind: AtOffset, Offset: int64(r.uleb()) * m.common.data}
	case opOffsetExtendedSF:
		rule = Rule{Kind: AtOffset, Offset: r.sleb() * m.common.data}
	case opNegativeOffset:
		rule = Rule{Kind: AtOffset, Offset: -int64(r.uleb()) * m.common.data}
	case opRestoreExtended:
		return m.restore(number)
	case opUndefined:
		rule = Rule{Kind: Undefined}
	case opSameValue:
		rule = Rule{Kind: SameValue}
	case opRegister:
		rule = Rule{Kind: InRegister, Register: r.uleb()}
	case opExpression:
		rule = Rule{Kind: AtExpression, Expression: r.block()}
	case opValOffset:
		rule = Rule{Kind: IsOffset, Offset: int64(r.uleb()) * m.common.data}
	case opValOffsetSF:
		rule = Rule{Kind: IsOffset, Offset: r.sleb() * m.common.data}
	case opValExpression:
		rule = Rule{Kind: IsExpression, Expression: r.block()}
	default:
		return false
	}
	m.set(number, rule)
	return true
}

func (m *program) set(number uint64, rule Rule) {
	if number < Registers {
		m.row.Rules[number] = rule
	}
}

// restore makes a register's rule that of the common instructions.
func (m *program) restore(number uint64) bool {
	if !m.begun {
		return false
	}
	if number < Registers {
		m.row.Rules[number] = m.initial[number]
	}
	return true
}
