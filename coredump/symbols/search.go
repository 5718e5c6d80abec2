package symbols

import (
	"slices"

	"supervise/internal/text"
)

// Function is a function of a file.
type Function struct {
	Name string // as the symbol table has it; see Demangle
	Addr uint64 // where it begins, in the file
	// Source is a file and a line, "pkg/file.go:42", of Go's tables; "" if there is none.
	Source string
}

// Search looks for the functions at many addresses at once, in one or more files that have the
// same addresses: a library, and the file with what was stripped off it.
type Search struct {
	addresses []uint64 // sorted, each once
	found     []candidate
	functions []Function // by address; set by Go's tables, or once a table was read

	// buckets has for each 1<<shift bytes from the first address on the index of the first
	// address that is not before them, so that a symbol is placed without a search.
	buckets []int32
	shift   uint
}

// candidate is the best symbol for an address so far.
type candidate struct {
	addr, size uint64
	name       uint32 // in the string table
	rank       uint8
	ok         bool
	// start is where the last symbol with a size before the address begins, label where the
	// last one without does.
	start, label uint64
	labelName    uint32
}

const maxBuckets = 1 << 10

// NewSearch returns a search for the functions at addresses of the file.
func NewSearch(addresses []uint64) *Search {
	s := &Search{addresses: slices.Clone(addresses)}
	slices.Sort(s.addresses)
	s.addresses = slices.Compact(s.addresses)
	s.found = make([]candidate, len(s.addresses))
	s.functions = make([]Function, len(s.addresses))
	if len(s.addresses) == 0 {
		return s
	}
	span := s.addresses[len(s.addresses)-1] - s.addresses[0]
	for span>>s.shift >= maxBuckets {
		s.shift++
	}
	s.buckets = make([]int32, span>>s.shift+1)
	i := int32(0)
	for b := range s.buckets {
		for s.addresses[i] < s.addresses[0]+uint64(b)<<s.shift {
			i++
		}
		s.buckets[b] = i
	}
	return s
}

// Missing reports whether there is an address whose function is not known yet.
func (s *Search) Missing() bool {
	return slices.ContainsFunc(s.functions, func(f Function) bool { return f.Name == "" })
}

// At returns the function at one of the search's addresses, false if none was found.
func (s *Search) At(address uint64) (Function, bool) {
	i, ok := slices.BinarySearch(s.addresses, address)
	if !ok || s.functions[i].Name == "" {
		return Function{}, false
	}
	return s.functions[i], true
}

// In looks in a file, for what was not found in those before: in Go's tables, and in its
// symbol table or, if that was stripped, in that of the dynamic linker.
func (s *Search) In(f *File) {
	s.inGo(f)
	if !s.Missing() {
		return
	}
	table := f.section(".symtab")
	if table == nil {
		table = f.section(".dynsym")
	}
	if table != nil {
		s.inTable(f, table)
	}
}

func (s *Search) inGo(f *File) {
	for i, address := range s.addresses {
		if s.functions[i].Name != "" {
			continue
		}
		if function, ok := f.goFunction(address); ok {
			s.functions[i] = function
		}
	}
}

// HasSymbols reports whether the file has a symbol table that nothing was stripped off.
func (f *File) HasSymbols() bool { return f.section(".symtab") != nil }

// Of Elf64_Sym and the section header.
const (
	symbolSize = 24
	codeFlag   = 4 // SHF_EXECINSTR

	noType       = 0  // STT_NOTYPE
	functionType = 2  // STT_FUNC
	indirectType = 10 // STT_GNU_IFUNC

	globalBinding = 1
	weakBinding   = 2
)

// inTable looks for the addresses in a symbol table, in the order in which it stands.
func (s *Search) inTable(f *File, table *section) {
	symbols := f.bytes(table)
	if table.entry != symbolSize || int(table.link) >= len(f.sections) {
		return
	}
	names := f.bytes(&f.sections[table.link])
	f.data.populate(symbols)
	clear(s.found)
	first, last := s.addresses[0], s.addresses[len(s.addresses)-1]
	for ; len(symbols) >= symbolSize; symbols = symbols[symbolSize:] {
		value, size := order.Uint64(symbols[8:]), order.Uint64(symbols[16:])
		if value > last || size != 0 && value < first && first-value >= size && value <= s.found[0].start {
			continue // most are not worth a closer look
		}
		i := s.place(value)
		if i < 0 {
			continue
		}
		kind := symbols[4] & 15
		inSection := int(order.Uint16(symbols[6:]))
		if kind != functionType && kind != noType && kind != indirectType || !f.isCode(inSection) {
			continue
		}
		s.consider(i, symbol{value, size, order.Uint32(symbols), symbols[4] >> 4}, names)
	}
	s.settle(names)
}

// place returns the index of the first address that is not before a symbol, -1 if there is none.
func (s *Search) place(value uint64) int {
	first := s.addresses[0]
	if value <= first {
		return 0
	}
	bucket := (value - first) >> s.shift
	if bucket >= uint64(len(s.buckets)) {
		return -1
	}
	for i := int(s.buckets[bucket]); i < len(s.addresses); i++ {
		if s.addresses[i] >= value {
			return i
		}
	}
	return -1
}

func (f *File) isCode(index int) bool {
	return index > 0 && index < len(f.sections) && f.sections[index].flags&codeFlag != 0
}

type symbol struct {
	addr, size uint64
	name       uint32
	binding    uint8
}

// consider enters a symbol where it is the best so far: of those that an address is in the one
// that begins last, and of several names the one that people write.
func (s *Search) consider(i int, y symbol, names []byte) {
	c := &s.found[i]
	if y.size == 0 {
		marker := int(y.name) < len(names) && names[y.name] == '$' // arm64's $x: code begins
		if y.addr >= c.label && !marker {
			c.label, c.labelName = y.addr, y.name
		}
		return
	}
	c.start = max(c.start, y.addr)
	for ; i < len(s.found) && s.addresses[i]-y.addr < y.size; i++ {
		c := &s.found[i]
		switch {
		case c.ok && y.addr < c.addr:
		case !c.ok || y.addr > c.addr || better(y, c, names):
			c.addr, c.size, c.name, c.rank, c.ok = y.addr, y.size, y.name, y.binding, true
		}
	}
}

// better reports whether the name of a symbol is better than another for the same function:
// write is, beside __write and __GI___write.
func better(y symbol, c *candidate, names []byte) bool {
	a, b := stringAt(names, uint64(y.name)), stringAt(names, uint64(c.name))
	if a == "" || b == "" {
		return b == ""
	}
	if a[0] != b[0] && (a[0] == '_' || b[0] == '_') {
		return b[0] == '_'
	}
	if x, y := preference(y.binding), preference(c.rank); x != y {
		return x > y
	}
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

func preference(binding uint8) int {
	switch binding {
	case globalBinding:
		return 2
	case weakBinding:
		return 1
	}
	return 0
}

// settle makes functions of the symbols that were found. A label without a size is taken for
// an address behind it if nothing stands between.
func (s *Search) settle(names []byte) {
	var start, label uint64
	var labelName uint32
	for i := range s.found {
		c := &s.found[i]
		start = max(start, c.start)
		if c.label != 0 && c.label >= label {
			label, labelName = c.label, c.labelName
		}
		if s.functions[i].Name != "" {
			continue
		}
		switch {
		case c.ok:
			s.functions[i] = Function{Name: symbolName(names, c.name), Addr: c.addr}
		case label != 0 && label >= start:
			s.functions[i] = Function{Name: symbolName(names, labelName), Addr: label}
		}
	}
}

// symbolName returns a name without the version that some linkers append: "memcpy@@GLIBC_2.14".
func symbolName(names []byte, i uint32) string {
	name, _, _ := text.Cut(stringAt(names, uint64(i)), '@')
	return name
}
