//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"syscall"
	"unsafe"

	"supervise/signals/relay"
	"supervise/signals/relay/kernel"
)

// segment is a program header: elf(5).
type segment struct {
	kind, flags           uint32
	offset, virtual, _    uint64
	fileSize, size, align uint64
}

const (
	loaded     = 1 // PT_LOAD
	writable   = 2 // PF_W
	pageSize   = 4096
	fixedLimit = 1 << 32 // above every address of a program that is loaded where it was linked
)

// giveBack has the next wait give back the segments of the program that nothing has written to,
// code and constants: what the start has used of them is most of our memory. Of a program that is
// loaded anywhere a dynamic loader may have written to the constants.
func (n *nucleus) giveBack() {
	headers, count := n.headers()
	if headers == nil || uintptr(headers) >= fixedLimit {
		return
	}
	// What is mapped of a program when a page of it is touched ends where its mapping does, and one
	// that is read in another way is a mapping of its own. Else it could be as much as 2 MiB.
	code := relay.Code()
	kernel.Call(syscall.SYS_MADVISE, code.Start, code.Size, syscall.MADV_RANDOM, 0, 0)
	found := 0
	for i := range count {
		s := (*segment)(unsafe.Add(headers, i*int(unsafe.Sizeof(segment{}))))
		if s.kind == loaded && s.flags&writable == 0 && found < len(n.relay.Unused) {
			n.relay.Unused[found] = relay.Span{Start: uintptr(s.virtual) &^ (pageSize - 1), Size: uintptr(s.size)}
			found++
		}
	}
}

// headers returns where the program headers are, and how many. The auxiliary vector, which
// follows the environment, says so: getauxval(3).
func (n *nucleus) headers() (at unsafe.Pointer, count int) {
	const atNull, atPhdr, atPhnum = 0, 3, 5
	i := n.argc() + 2
	for *n.word(i) != nil {
		i++
	}
	for i++; ; i += 2 {
		switch value := *n.word(i + 1); uintptr(*n.word(i)) {
		case atNull:
			return at, count
		case atPhdr:
			at = value
		case atPhnum:
			count = int(uintptr(value))
		}
	}
}
