package unwind

import (
	"errors"

	"supervise/coredump/unwind/cfi"
)

// scratch is what needs not be made anew for every frame.
type scratch struct {
	row    cfi.Row
	memory [8]byte
	code   [16]byte
}

func (m *Module) frames() *cfi.Table {
	if m.table == nil {
		m.table = cfi.New(m.EhFrameHdr, m.EhFrame, m.DebugFrame)
	}
	return m.table
}

func (u *unwinder) byHeader(frame *Frame, module *Module) (caller, error) {
	if module == nil {
		return caller{}, errNotMine
	}
	pc := frame.Lookup() - module.Bias
	entry, ok := module.frames().FindByHeader(pc)
	if !ok {
		return caller{}, errNotMine
	}
	return u.byEntry(&entry, pc, module.Bias)
}

func (u *unwinder) byIndex(frame *Frame, module *Module) (caller, error) {
	if module == nil {
		return caller{}, errNotMine
	}
	pc := frame.Lookup() - module.Bias
	entry, ok := module.frames().Find(pc)
	if !ok {
		return caller{}, errNotMine
	}
	return u.byEntry(&entry, pc, module.Bias)
}

// byEntry carries out what call frame information says. Malformed information is as none.
func (u *unwinder) byEntry(entry *cfi.Entry, pc, bias uint64) (caller, error) {
	row := &u.scratch.row
	if entry.Row(pc, row) != nil {
		return caller{}, errNotMine
	}
	next := caller{regs: u.regs, by: ByCFI, signal: entry.Signal}
	cfa, err := u.cfa(row, bias)
	if err != nil {
		return next, err
	}
	n := u.arch.numbers()
	next.regs.Set(n.sp, cfa)
	for i := range row.Rules {
		if err := u.apply(&row.Rules[i], uint64(i), cfa, bias, &next.regs); err != nil {
			if uint64(i) == entry.ReturnAddress || uint64(i) == n.sp {
				return next, err
			}
			next.regs.forget(uint64(i)) // another register may never be needed
		}
	}
	if entry.ReturnAddress >= cfi.Registers {
		return next, ErrTables
	}
	if row.Rules[entry.ReturnAddress].Kind == cfi.Undefined {
		return next, errOutermost
	}
	ra, ok := next.regs.Get(entry.ReturnAddress)
	if !ok {
		return next, ErrTables
	}
	// A link register that nobody has saved is the caller's only until something is called.
	if row.Rules[entry.ReturnAddress].Kind <= cfi.SameValue && !entry.Signal && ra == u.present() {
		return next, ErrLoop
	}
	next.regs.Set(n.pc, u.regs.code(ra))
	return next, nil
}

// present is the address of the present frame.
func (u *unwinder) present() uint64 {
	pc, _ := u.regs.Get(u.arch.numbers().pc)
	return pc
}

// cfa returns the canonical frame address.
func (u *unwinder) cfa(row *cfi.Row, bias uint64) (uint64, error) {
	if row.CFA.Kind == cfi.IsExpression {
		return u.evaluate(row.CFA.Expression, bias)
	}
	base, ok := u.regs.Get(row.CFA.Register)
	if !ok {
		return 0, ErrTables
	}
	return base + uint64(row.CFA.Offset), nil
}

// apply sets a register of the caller by its rule.
func (u *unwinder) apply(rule *cfi.Rule, number, cfa, bias uint64, regs *Registers) error {
	var v uint64
	var err error
	ok := true
	switch rule.Kind {
	case cfi.Unspecified, cfi.SameValue:
		return nil
	case cfi.Undefined:
		regs.forget(number)
		return nil
	case cfi.AtOffset:
		v, ok = u.word(cfa + uint64(rule.Offset))
	case cfi.IsOffset:
		v = cfa + uint64(rule.Offset)
	case cfi.InRegister:
		v, ok = u.regs.Get(rule.Register)
	case cfi.AtExpression:
		if v, err = u.evaluate(rule.Expression, bias, cfa); err == nil {
			v, ok = u.word(v)
		}
	case cfi.IsExpression:
		v, err = u.evaluate(rule.Expression, bias, cfa)
	}
	if err != nil {
		return err
	}
	if !ok {
		return ErrMemory
	}
	regs.Set(number, v)
	return nil
}

// evaluate returns the value of an expression.
func (u *unwinder) evaluate(expression []byte, bias uint64, initial ...uint64) (uint64, error) {
	v, err := cfi.Evaluate(expression, u, bias, initial...)
	switch {
	case errors.Is(err, cfi.ErrUnknown):
		return 0, ErrMemory
	case err != nil:
		return 0, ErrTables
	}
	return v, nil
}
