package cfi

import (
	"debug/elf"
	"os"
	"testing"
)

// withHeader makes a header for the entries at these offsets of a section at 0x2000. The
// header is at 0x1000.
func withHeader(begins []uint64, offsets []int) Section {
	const at, frames = 0x1000, 0x2000
	a := assembler{b: []byte{1, encodedPCRel | encodedSdata4, 0x03, encodedDataRel | encodedSdata4}}
	a.u32(frames - at - 4)
	a.u32(uint32(len(begins)))
	for i := range begins {
		a.u32(uint32(begins[i] - at))
		a.u32(uint32(frames + offsets[i] - at))
	}
	return Section{Addr: at, Data: a.b}
}

func TestFind(t *testing.T) {
	a := assembler{eh: true}
	parent := a.common("zR", []byte{encodedAbsolute}, amd64Common...)
	signals := a.common("zRS", []byte{encodedAbsolute}, amd64Common...)
	offsets := []int{
		a.entry(parent, true, 0x5000, 0x10),
		a.entry(signals, true, 0x5020, 0x10),
		a.entry(parent, true, 0x5030, 0x10),
	}
	eh := Section{Addr: 0x2000, Data: a.b}
	d := assembler{}
	parent = d.common("", nil, amd64Common...)
	d.entry(parent, false, 0, 0x10000) // of a function that the linker has left out
	d.entry(parent, false, 0x7000, 0x10)
	debug := func() Section { return Section{Data: d.b} }
	hdr := withHeader([]uint64{0x5000, 0x5020, 0x5030}, offsets)

	for _, table := range []struct {
		name string
		*Table
		byHeader bool
	}{
		{"header", New(hdr, eh, debug), true},
		{"no header", New(Section{}, eh, debug), false},
		{"header without a table", New(Section{Addr: 0x1000, Data: []byte{1, 0x1b, 0xff, 0xff, 0, 0, 0, 0}}, eh, debug), false},
		{"header that is too short", New(Section{Addr: 0x1000, Data: hdr.Data[:20]}, eh, debug), false},
	} {
		t.Run(table.name, func(t *testing.T) {
			for _, test := range []struct {
				pc, begin uint64 // 0: nothing is there
				signal    bool
			}{
				{0x4fff, 0, false},
				{0x5000, 0x5000, false},
				{0x500f, 0x5000, false},
				{0x5010, 0, false},
				{0x5020, 0x5020, true},
				{0x503f, 0x5030, false},
				{0x5040, 0, false},
				{0x7001, 0x7000, false},
				{8, 0, false},
				{^uint64(0), 0, false},
			} {
				e, ok := table.Find(test.pc)
				if ok != (test.begin != 0) || ok && (e.Begin != test.begin || e.Signal != test.signal) {
					t.Errorf("%#x: got %#x, %v", test.pc, e.Begin, ok)
				}
				_, ok = table.FindByHeader(test.pc)
				if want := table.byHeader && test.begin != 0 && test.begin != 0x7000; ok != want {
					t.Errorf("%#x by the header: got %v", test.pc, ok)
				}
			}
		})
	}
	if address, ok := FrameAddress(hdr); !ok || address != 0x2000 {
		t.Errorf("got the address %#x", address)
	}
	if _, ok := FrameAddress(Section{}); ok {
		t.Error("an empty header has an address")
	}
}

func TestAugmentation(t *testing.T) {
	for _, test := range []struct {
		augmentation string
		data         []byte
		ok           bool
	}{
		{"", nil, true},
		{"z", nil, true},
		{"zR", []byte{encodedAbsolute}, true},
		{"zPLR", []byte{0x9b, 1, 2, 3, 4, 0x1b, encodedAbsolute}, true},
		{"zRB", []byte{encodedAbsolute}, true},
		{"zR?", []byte{encodedAbsolute, 1, 2, 3}, true}, // its length is known
		{"zR", nil, false},
		{"zP", []byte{0xff}, false},
		{"R", []byte{encodedAbsolute}, false},
		{"zRRRRRRRRRRRRRRRRRRRRRR", make([]byte, 23), false},
	} {
		a := assembler{eh: true}
		a.entry(a.common(test.augmentation, test.data, amd64Common...), test.augmentation != "", 0x1000, 16)
		_, ok := New(Section{}, Section{Data: a.b}, nil).Find(0x1000)
		if ok != test.ok {
			t.Errorf("%q: got %v", test.augmentation, ok)
		}
	}
}

// TestLibc compares the index with the header: they must find the same.
func TestLibc(t *testing.T) {
	hdr, eh := libc(t)
	byHeader, byIndex := New(hdr, eh, nil), New(Section{}, eh, nil)
	byIndex.Find(0)
	if len(byIndex.indexes[0].spans) < 1000 {
		t.Fatalf("%d entries", len(byIndex.indexes[0].spans))
	}
	var row, other Row
	for _, s := range byIndex.indexes[0].spans {
		for _, pc := range []uint64{s.begin, (s.begin + s.end) / 2, s.end - 1} {
			e, ok := byHeader.FindByHeader(pc)
			f, ok2 := byIndex.Find(pc)
			if !ok || !ok2 || e.Begin != f.Begin || e.End != f.End {
				t.Fatalf("%#x: %#x to %#x, or %#x to %#x", pc, e.Begin, e.End, f.Begin, f.End)
			}
			if err := e.Row(pc, &row); err != nil {
				t.Fatalf("%#x: %v", pc, err)
			}
			if err := f.Row(pc, &other); err != nil || row.CFA.Offset != other.CFA.Offset {
				t.Fatalf("%#x: %v", pc, err)
			}
		}
	}
}

// libc returns the tables of the library that has most of them.
func libc(tb testing.TB) (hdr, eh Section) {
	tb.Helper()
	for _, path := range []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6"} {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		file, err := elf.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		defer file.Close()
		section := func(name string) Section {
			s := file.Section(name)
			if s == nil {
				tb.Skipf("%s has no %s", path, name)
			}
			b, err := s.Data()
			if err != nil {
				tb.Fatal(err)
			}
			return Section{s.Addr, b}
		}
		return section(".eh_frame_hdr"), section(".eh_frame")
	}
	tb.Skip("no glibc found")
	return Section{}, Section{}
}

func BenchmarkRow(b *testing.B) {
	hdr, eh := libc(b)
	table := New(hdr, eh, nil)
	first, _ := table.header.search(hdr, ^uint64(0)>>1)
	last, _ := entryAt(eh, true, first-eh.Addr)
	pc := last.Begin
	var row Row
	b.ReportAllocs()
	for b.Loop() {
		e, ok := table.FindByHeader(pc)
		if !ok || e.Row(pc, &row) != nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	_, eh := libc(b)
	b.SetBytes(int64(len(eh.Data)))
	for b.Loop() {
		newIndex(eh, true)
	}
}
