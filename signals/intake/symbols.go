//go:build linux && (amd64 || arm64)

package intake

import (
	"syscall"
	"unsafe"

	"supervise/signals"
)

// The Go runtime keeps what it has found before it changes it: in fwdSig the dispositions in
// whose place it puts handlers (initsig in runtime/signal_unix.go), in initSigmask the mask
// (schedinit in runtime/proc.go). The linker lets nobody else refer to them, but the symbol
// table of the running program says where they are. It has none if it was linked with
// -ldflags=-s, as go run and go test do.
const (
	dispositions = "runtime.fwdSig"
	firstMask    = "runtime.initSigmask"
	own          = "supervise/signals/intake.instance" // whose address is known
)

// foundByRuntime returns the mask and the ignored signals that the Go runtime found when it
// started. Those that it has left ignored are not among them.
func foundByRuntime() (mask, ignored signals.Set, ok bool) {
	file, err := mapFile(self)
	if err != nil {
		return 0, 0, false
	}
	defer func() { _ = syscall.Munmap(file) }()
	at := find(file, own, dispositions, firstMask)
	handlers, handlersOK := variable[[signals.Max + 1]uintptr](at[0], at[1])
	blocked, blockedOK := variable[signals.Set](at[0], at[2])
	if !handlersOK || !blockedOK {
		return 0, 0, false
	}
	const ignore = 1 // SIG_IGN
	for s, handler := range handlers {
		if handler == ignore {
			ignored = ignored.With(signals.Signal(s))
		}
	}
	return *blocked, ignored, true
}

// variable returns a variable of the running program, given its symbol and that of instance,
// unless it is not there or is of another size than it should be. The program may have been
// loaded at another address than it was linked for.
func variable[T any](base, symbol elfSymbol) (value *T, ok bool) {
	if base.value == 0 || symbol.size != uint64(unsafe.Sizeof(*value)) {
		return nil, false
	}
	return (*T)(unsafe.Add(unsafe.Pointer(&instance), int64(symbol.value-base.value))), true
}

// What is looked at of a file: elf(5).
type (
	elfHeader struct {
		_            [40]byte
		sections     uint64 // where they are described
		_            [12]byte
		sectionCount uint16
		_            [2]byte
	}
	elfSection struct {
		_            [4]byte
		kind         uint32
		_            [16]byte
		offset, size uint64
		link         uint32 // the section with the names
		_            [20]byte
	}
	elfSymbol struct {
		name        uint32
		_           [4]byte
		value, size uint64
	}
)

const symbolTable = 2 // SHT_SYMTAB

// find returns the symbols of these names, without a size where there is none.
func find(file []byte, names ...string) (found [3]elfSymbol) {
	header := records[elfHeader](file, 0, 1)
	if header == nil {
		return found
	}
	sections := records[elfSection](file, header[0].sections, uint64(header[0].sectionCount))
	for i := range sections {
		table := &sections[i]
		if table.kind != symbolTable || table.link >= uint32(len(sections)) {
			continue
		}
		texts := records[byte](file, sections[table.link].offset, sections[table.link].size)
		for _, symbol := range records[elfSymbol](file, table.offset, table.size/uint64(unsafe.Sizeof(elfSymbol{}))) {
			for i, name := range names {
				if isName(texts, symbol.name, name) {
					found[i] = symbol
				}
			}
		}
	}
	return found
}

// isName reports whether this name begins at an offset into a table of names.
func isName(texts []byte, offset uint32, name string) bool {
	begin, end := uint64(offset), uint64(offset)+uint64(len(name))
	return end < uint64(len(texts)) && texts[end] == 0 && string(texts[begin:end]) == name
}

// records returns a part of a file, and nothing if it is beyond its end.
func records[T any](file []byte, offset, count uint64) []T {
	var one T
	length := uint64(len(file))
	if count == 0 || offset >= length || count > (length-offset)/uint64(unsafe.Sizeof(one)) {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&file[offset])), count)
}

// mapFile maps a file into memory.
func mapFile(path string) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	var info syscall.Stat_t
	if err := syscall.Fstat(fd, &info); err != nil {
		return nil, err
	}
	return syscall.Mmap(fd, 0, int(info.Size), syscall.PROT_READ, syscall.MAP_PRIVATE)
}
