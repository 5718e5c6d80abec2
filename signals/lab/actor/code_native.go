//go:build linux && (amd64 || arm64)

package actor

import (
	"bytes"
	"fmt"
	"runtime"
	"unsafe"
)

// addresses returns where the functions of assembly are, in the order of places.
func addresses(of *[5]uintptr)

// functions returns the instructions of each function, without the mark behind it.
func functions() (code [5][]byte, err error) {
	mark := []byte{0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b}
	if runtime.GOARCH == "arm64" {
		mark = []byte{0xad, 0xde, 0, 0, 0xad, 0xde, 0, 0}
	}
	var at [5]uintptr
	addresses(&at)
	for i, address := range at {
		// The mark comes within these bytes, and they are all of the program's text: package
		// runtime is linked behind, or the other functions.
		for n := range places[i].room {
			if bytes.Equal(unsafe.Slice(at8(address, n), len(mark)), mark) {
				code[i] = bytes.Clone(unsafe.Slice(at8(address, 0), n))
				break
			}
		}
		if code[i] == nil {
			return code, fmt.Errorf("the function %d of the actor has no end", i)
		}
	}
	return code, nil
}

// at8 is a pointer to instructions, which the garbage collector does not move.
func at8(address uintptr, offset int) *byte {
	return (*byte)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&address)), offset))
}
