package handlers

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"

	"supervise/coredump/explain"
	"supervise/coredump/explain/apart"
	"supervise/coredump/symbols"
	_ "supervise/coredump/symbols/late"
)

// Handler is a function of a process.
type Handler struct {
	Address uint64
	Symbol  string // as it is in the source; "" if it is not known
	Module  string // the file that it is in, or [vdso]; "" if it is in none
	Offset  uint64 // of the address in the module's own addresses; 0 without a module
	program bool   // the module is the program itself
}

// String returns the symbol, with the module unless that is the program: ngx_signal_handler,
// or uv__signal_handler (libuv.so.1). Without a symbol it is an address in the module, and
// without a module one of the process: libfoo.so+0x1a30, 0x7f32a000.
func (h Handler) String() string {
	name := filepath.Base(h.Module)
	switch {
	case h.Module == "":
		return "0x" + strconv.FormatUint(h.Address, 16)
	case h.Symbol == "":
		return name + "+0x" + strconv.FormatUint(h.Offset, 16)
	case h.program:
		return h.Symbol
	}
	return h.Symbol + " (" + name + ")"
}

// Found is what was found out about the code of a process.
type Found struct {
	handlers map[uint64]Handler
	Modules  []string // the files that have code in the process, in the order of addresses
	Go       bool     // the program has the tables of a Go program
}

// At returns the function at an address that was looked for.
func (f *Found) At(address uint64) Handler {
	if h, ok := f.handlers[address]; ok {
		return h
	}
	return Handler{Address: address}
}

// Look names the functions at addresses of a process. What cannot be named has an address. The
// error is that nothing may be known of the process's code.
func Look(pid int, addresses []uint64) (*Found, error) {
	maps, err := readMaps(pid)
	if err != nil {
		return nil, err
	}
	program, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	found := &Found{handlers: map[uint64]Handler{}}
	for i := range maps {
		if m := &maps[i]; m.file() && !slices.Contains(found.Modules, m.path) {
			found.Modules = append(found.Modules, m.path)
		}
	}
	byModule := map[*mapping][]uint64{}
	for _, address := range addresses {
		if m := at(maps, address); m != nil {
			byModule[m] = append(byModule[m], address)
		}
	}
	l := looker{found, apart.Living(pid), program}
	for m, wanted := range byModule {
		l.in(m, wanted)
	}
	for i := range maps {
		if m := &maps[i]; l.isProgram(m) {
			_ = l.file(m, func(f *symbols.File) { found.Go = f.IsGo() })
			break
		}
	}
	return found, nil
}

// looker looks into the files of one process.
type looker struct {
	*Found
	open    explain.Opener
	program string
}

func (l *looker) isProgram(m *mapping) bool {
	return m.file() && (m.path == l.program || m.deleted && m.path+" (deleted)" == l.program)
}

// in names the functions at addresses of one mapping.
func (l *looker) in(m *mapping, addresses []uint64) {
	for _, address := range addresses {
		l.handlers[address] = Handler{Address: address, Module: m.path, Offset: address - m.start + m.offset, program: l.isProgram(m)}
	}
	if !m.file() {
		return
	}
	_ = l.file(m, func(f *symbols.File) {
		bias, ok := f.Bias(m.start, m.offset)
		if !ok {
			return
		}
		inFile := make([]uint64, len(addresses))
		for i, address := range addresses {
			inFile[i] = address - bias
		}
		search := symbols.NewSearch(inFile)
		search.In(f)
		if search.Missing() || !f.HasSymbols() {
			l.separate(f, m, inFile, search)
		}
		for i, address := range addresses {
			h := l.handlers[address]
			h.Offset = inFile[i]
			if function, ok := search.At(inFile[i]); ok && function.Addr == inFile[i] {
				h.Symbol = symbols.Demangle(function.Name)
			}
			l.handlers[address] = h
		}
	})
}

// separate looks in the file with what was stripped off another.
func (l *looker) separate(f *symbols.File, m *mapping, addresses []uint64, search *symbols.Search) {
	for _, path := range f.DebugPaths(m.path) {
		opened, err := l.open(explain.Request{Path: path})
		if err != nil {
			continue
		}
		debug, err := symbols.Open(opened)
		if err != nil {
			continue
		}
		if f.Separate(debug) {
			better := symbols.NewSearch(addresses)
			better.In(debug)
			better.In(f)
			*search = *better
			debug.Close()
			return
		}
		debug.Close()
	}
}

// file has a function look into the file of a mapping. The file may become shorter meanwhile.
func (l *looker) file(m *mapping, look func(*symbols.File)) (err error) {
	opened, err := l.open(explain.Request{Path: m.path, Start: m.start, End: m.end, Deleted: m.deleted})
	if err != nil {
		return err
	}
	f, err := symbols.Open(opened)
	if err != nil {
		return err
	}
	defer f.Close()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", m.path, r)
		}
	}()
	look(f)
	return nil
}
