package unwind

import (
	"errors"

	"supervise/coredump/unwind/cfi"
)

// scratch is what needs not be made anew for every frame.
type scratch struct {
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
	known := &module.rows[pc%keptRows]
	if *known != nil && (*known).valid && (*known).pc == pc {
		return u.byRow(*known, module.Bias)
	}
	entry, ok := module.frames().FindByHeader(pc)
	if !ok {
		return caller{}, errNotMine
	}
	if *known == nil {
		*known = new(row)
	}
	return u.byEntry(*known, &entry, pc, module.Bias)
}

// row is what tables say of an address. Those that were found by a header are kept: threads
// often stand at the same place, and functions call themselves.
type row struct {
	valid  bool
	pc     uint64
	signal bool
	ra     uint64 // the number of the return address
	rules  cfi.Row
}

// keptRows is how many rows of a module are kept.
const keptRows = 32

func (u *unwinder) byIndex(frame *Frame, module *Module) (caller, error) {
	if module == nil {
		return caller{}, errNotMine
	}
	pc := frame.Lookup() - module.Bias
	entry, ok := module.frames().Find(pc)
	if !ok {
		return caller{}, errNotMine
	}
	return u.byEntry(new(row), &entry, pc, module.Bias)
}

// byEntry makes a row of call frame information. Malformed information is as none.
func (u *unwinder) byEntry(r *row, entry *cfi.Entry, pc, bias uint64) (caller, error) {
	*r = row{}
	if entry.Row(pc, &r.rules) != nil {
		return caller{}, errNotMine
	}
	r.valid, r.pc, r.signal, r.ra = true, pc, entry.Signal, entry.ReturnAddress
	return u.byRow(r, bias)
}

// byRow carries out what call frame information says.
func (u *unwinder) byRow(r *row, bias uint64) (caller, error) {
	row := &r.rules
	next := caller{regs: u.regs, by: ByCFI, signal: r.signal}
	cfa, err := u.cfa(row, bias)
	if err != nil {
		return next, err
	}
	n := u.arch.numbers()
	next.regs.Set(n.sp, cfa)
	for i := range row.Rules {
		if err := u.apply(&row.Rules[i], uint64(i), cfa, bias, &next.regs); err != nil {
			if uint64(i) == r.ra || uint64(i) == n.sp {
				return next, err
			}
			next.regs.forget(uint64(i)) // another register may never be needed
		}
	}
	if r.ra >= cfi.Registers {
		return next, ErrTables
	}
	if row.Rules[r.ra].Kind == cfi.Undefined {
		return next, errOutermost
	}
	ra, ok := next.regs.Get(r.ra)
	if !ok {
		return next, ErrTables
	}
	// A link register that nobody has saved is the caller's only until something is called.
	if row.Rules[r.ra].Kind <= cfi.SameValue && !r.signal && ra == u.present() {
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
