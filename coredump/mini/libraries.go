package mini

import "bytes"

// What the dynamic linker has: elf(5) and link.h.
const (
	programSize     = 56
	programDynamic  = 2 // PT_DYNAMIC
	programPrograms = 6 // PT_PHDR

	dynamicSize  = 16
	dynamicDebug = 21 // DT_DEBUG: the address of struct r_debug

	debugMap  = 8  // r_debug.r_map
	debugSize = 48 // with r_debug_extended.r_next, the list of another namespace of dlmopen(3)
	debugNext = 40

	mapName = 8 // link_map.l_name
	mapNext = 24
	mapSize = 40
)

// Bounds for lists that may be loops.
const (
	maxPrograms   = 64
	maxDynamic    = 256
	maxLibraries  = 2048
	maxNamespaces = 16
	maxPath       = 4096
)

// libraries copies the list of shared libraries.
func (p *plan) libraries() {
	debug := p.debug()
	libraries := 0
	for namespace := 0; debug != 0 && namespace < maxNamespaces; namespace++ {
		p.add(debug, debug+debugSize)
		for at := p.word(debug + debugMap); at != 0 && libraries < maxLibraries; at = p.word(at + mapNext) {
			libraries++
			p.add(at, at+mapSize)
			p.text(p.word(at + mapName))
		}
		if version := p.word(debug); version&0xffffffff < 2 {
			return
		}
		debug = p.word(debug + debugNext)
	}
}

// text copies a string.
func (p *plan) text(addr uint64) {
	if p.at(addr) == nil {
		return
	}
	b := make([]byte, maxPath)
	b = b[:p.read(b, addr)]
	if end := bytes.IndexByte(b, 0); end >= 0 {
		p.add(addr, addr+uint64(end)+1)
	}
}

// debug returns the address of struct r_debug, which the dynamic linker has written into the
// dynamic section of the program; 0 for a static one.
func (p *plan) debug() uint64 {
	addr, count := p.head.Notes.Auxv[auxPrograms], p.head.Notes.Auxv[auxProgramCount]
	headers := make([]byte, programSize*min(count, maxPrograms))
	headers = headers[:p.read(headers, addr)]
	var bias, dynamic uint64
	for ; len(headers) >= programSize; headers = headers[programSize:] {
		switch order.Uint32(headers) {
		case programPrograms:
			bias = addr - order.Uint64(headers[16:])
		case programDynamic:
			dynamic = order.Uint64(headers[16:])
		}
	}
	if dynamic == 0 {
		return 0
	}
	entries := make([]byte, dynamicSize*maxDynamic)
	entries = entries[:p.read(entries, bias+dynamic)]
	for ; len(entries) >= dynamicSize && order.Uint64(entries) != 0; entries = entries[dynamicSize:] {
		if order.Uint64(entries) == dynamicDebug {
			p.add(bias+dynamic, bias+dynamic+dynamicSize*maxDynamic)
			return order.Uint64(entries[8:])
		}
	}
	return 0
}
