package unwind

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"sort"
	"testing"

	"supervise/coredump/unwind/cfi"
)

// core is a core file and the files that it maps, just as much of them as the tests need.
type core struct {
	loads   []*elf.Prog
	files   []mapping
	modules map[string]*Module
	data    map[string][]byte
	vdso    *Module
	threads []Registers
	static  string // the program, if the core has no list of files
}

type mapping struct {
	start, end, offset uint64
	path               string
}

func openCore(tb testing.TB, path, program string) *core {
	tb.Helper()
	file, err := elf.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { file.Close() })
	c := &core{modules: map[string]*Module{}, data: map[string][]byte{}, static: program}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			c.loads = append(c.loads, p)
		}
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_NOTE {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				tb.Fatal(err)
			}
			c.notes(b, Machine(file.Machine))
		}
	}
	if len(c.threads) == 0 {
		tb.Fatal("no thread in the core")
	}
	if len(c.files) == 0 {
		c.mapProgram(tb)
	}
	return c
}

// mapProgram makes mappings of a static program's segments.
func (c *core) mapProgram(tb testing.TB) {
	file, err := elf.Open(c.static)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			c.files = append(c.files, mapping{p.Vaddr, p.Vaddr + p.Filesz, p.Off, c.static})
		}
	}
}

func (c *core) notes(b []byte, machine Machine) {
	le := binary.LittleEndian
	for len(b) >= 12 {
		nameSize, size, kind := le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:])
		start := 12 + (nameSize+3)&^3
		note := b[start : start+size]
		b = b[start+(size+3)&^3:]
		switch kind {
		case uint32(elf.NT_PRSTATUS):
			c.threads = append(c.threads, registersOf(note[112:], machine))
		case 6: // NT_AUXV
			for ; len(note) >= 16; note = note[16:] {
				if le.Uint64(note) == 33 { // AT_SYSINFO_EHDR
					c.addVDSO(le.Uint64(note[8:]))
				}
			}
		case 0x46494c45: // NT_FILE
			n, page := le.Uint64(note), le.Uint64(note[8:])
			names := bytes.Split(note[16+24*n:], []byte{0})
			for i := range n {
				m := note[16+24*i:]
				c.files = append(c.files, mapping{le.Uint64(m), le.Uint64(m[8:]), le.Uint64(m[16:]) * page, string(names[i])})
			}
		}
	}
}

// registersOf makes registers of an elf_gregset_t.
func registersOf(b []byte, machine Machine) Registers {
	r := Registers{Machine: machine}
	if machine == ARM64 {
		for i := range uint64(33) {
			r.Set(i, binary.LittleEndian.Uint64(b[8*i:]))
		}
		return r
	}
	for number, i := range []int{10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16} {
		r.Set(uint64(number), binary.LittleEndian.Uint64(b[8*i:]))
	}
	return r
}

func (c *core) addVDSO(start uint64) {
	for _, p := range c.loads {
		if p.Vaddr != start {
			continue
		}
		b := make([]byte, p.Filesz)
		p.ReadAt(b, 0)
		file, err := elf.NewFile(bytes.NewReader(b))
		if err != nil {
			return
		}
		c.vdso = moduleOf(file, start)
		c.files = append(c.files, mapping{start, start + p.Memsz, 0, "[vdso]"})
		c.modules["[vdso]"] = c.vdso
		c.data["[vdso]"] = b
	}
}

// moduleOf makes a module of a file whose first segment is at start.
func moduleOf(file *elf.File, start uint64) *Module {
	m := &Module{}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			m.Bias = start - p.Vaddr&^0xfff
			break
		}
	}
	section := func(name string) cfi.Section {
		s := file.Section(name)
		if s == nil || s.Type == elf.SHT_NOBITS {
			return cfi.Section{}
		}
		b, _ := s.Data()
		return cfi.Section{Addr: s.Addr, Data: b}
	}
	m.EhFrameHdr, m.EhFrame = section(".eh_frame_hdr"), section(".eh_frame")
	m.DebugFrame = func() cfi.Section { return section(".debug_frame") }
	return m
}

func (c *core) find(addr uint64) *mapping {
	for i := range c.files {
		if m := &c.files[i]; m.start <= addr && addr < m.end {
			return m
		}
	}
	return nil
}

// moduleOf returns the module of a mapped file.
func (c *core) moduleOf(path string) *Module {
	for _, m := range c.files {
		if m.path == path {
			return c.Module(m.start)
		}
	}
	return nil
}

func (c *core) Module(pc uint64) *Module {
	m := c.find(pc)
	if m == nil {
		return nil
	}
	if module, ok := c.modules[m.path]; ok {
		return module
	}
	c.modules[m.path] = nil
	if file, err := elf.Open(m.path); err == nil {
		start := m.start
		for _, other := range c.files {
			if other.path == m.path && other.offset == 0 {
				start = min(start, other.start)
			}
		}
		c.modules[m.path] = moduleOf(file, start)
	}
	return c.modules[m.path]
}

// load reads the core into memory.
func (c *core) load(tb testing.TB) {
	for _, p := range c.loads {
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			tb.Fatal(err)
		}
		p.ReaderAt = bytes.NewReader(b)
	}
}

func (c *core) Read(addr uint64, b []byte) bool {
	i := sort.Search(len(c.loads), func(i int) bool { return c.loads[i].Vaddr > addr }) - 1
	if i >= 0 {
		p := c.loads[i]
		if addr-p.Vaddr < p.Filesz && uint64(len(b)) <= p.Filesz-(addr-p.Vaddr) {
			_, err := p.ReadAt(b, int64(addr-p.Vaddr))
			return err == nil
		}
	}
	m := c.find(addr)
	if m == nil {
		return false
	}
	data, ok := c.data[m.path]
	if !ok {
		data, _ = os.ReadFile(m.path)
		c.data[m.path] = data
	}
	at := addr - m.start + m.offset
	return at < uint64(len(data)) && copy(b, data[at:]) == len(b)
}

func (c *core) Executable(addr uint64) bool {
	for _, p := range c.loads {
		if p.Vaddr <= addr && addr-p.Vaddr < p.Memsz {
			return p.Flags&elf.PF_X != 0
		}
	}
	m := c.find(addr) // gdb leaves out what is in files
	if m == nil {
		return false
	}
	file, err := elf.Open(m.path)
	if err != nil {
		return false
	}
	defer file.Close()
	offset := addr - m.start + m.offset
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && p.Off <= offset && offset < p.Off+p.Filesz {
			return p.Flags&elf.PF_X != 0
		}
	}
	return false
}
