package cfi

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// seeds are small real tables: those of `readelf -x` of a program, of the vdso and of Go.
func seeds(f *testing.F) [][]byte {
	paths, err := filepath.Glob("testdata/*.bin")
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds", err)
	}
	var all [][]byte
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// quick fails if a call takes longer than anything of that size may.
func quick(t *testing.T, call func()) {
	begun := time.Now()
	call()
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func FuzzTable(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, b, uint64(0x1000))
	}
	f.Fuzz(func(t *testing.T, hdr, frames []byte, pc uint64) {
		quick(t, func() {
			header, section := Section{Addr: 0x1000, Data: hdr}, Section{Addr: 0x2000, Data: frames}
			for _, table := range []*Table{
				New(header, section, nil), New(Section{}, section, nil), New(Section{}, Section{}, func() Section { return section }),
			} {
				try(t, table, pc)
				for _, x := range table.indexes {
					for _, s := range x.spans[:min(len(x.spans), 20)] {
						try(t, table, s.begin)
						try(t, table, s.end-1)
					}
				}
			}
		})
	})
}

func try(t *testing.T, table *Table, pc uint64) {
	e, ok := table.Find(pc)
	if !ok {
		return
	}
	if pc < e.Begin || pc >= e.End {
		t.Errorf("%#x is not from %#x to %#x", pc, e.Begin, e.End)
	}
	var row Row
	if e.Row(pc, &row) == nil && row.CFA.Kind != InRegister && row.CFA.Kind != IsExpression {
		t.Errorf("the CFA has the rule %+v", row.CFA)
	}
}

// FuzzRow runs a program of an entry.
func FuzzRow(f *testing.F) {
	f.Add(amd64Common, []byte{opAdvance | 4, opDefCFAOffset, 16}, uint64(4))
	f.Add(amd64Common, []byte{opRememberState, opDefCFAExpression, 1, 0x96, opRestoreState}, uint64(4))
	f.Fuzz(func(t *testing.T, common, program []byte, at uint64) {
		a := assembler{}
		parent := a.common("", nil, common...)
		a.entry(parent, false, 0x1000, 1<<40, program...)
		table := New(Section{}, Section{}, func() Section { return Section{Data: a.b} })
		try(t, table, 0x1000+at%(1<<40))
	})
}

// memory is what a fuzzed expression reads.
type memory []byte

func (m memory) Register(number uint64) (uint64, bool) { return number * 8, number < Registers }

func (m memory) Memory(addr uint64, size int) (uint64, bool) {
	if addr >= uint64(len(m)) || uint64(len(m))-addr < 8 || size < 1 || size > 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(m[addr:]) >> (64 - 8*size), true
}

func FuzzEvaluate(f *testing.F) {
	f.Add([]byte{exprBreg0 + 7, 8, exprBreg0 + 16, 0, exprLit0 + 15, exprAnd, exprLit0 + 11, exprGe, exprLit0 + 3, exprShl, exprPlus}, []byte{})
	f.Add([]byte{exprBreg0 + 7, 0xa0, 1, exprDeref}, make([]byte, 400))
	f.Add([]byte{exprSkip, 0xfd, 0xff}, []byte{})
	f.Fuzz(func(t *testing.T, expression, b []byte) {
		quick(t, func() { Evaluate(expression, memory(b), 1, 2) })
	})
}
