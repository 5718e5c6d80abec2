//go:build linux && !cgo && (amd64 || arm64) && !slim

package nucleus

import (
	"unsafe"

	"supervise/supervisor/plain"
)

// answer does what another subcommand than init is to do, and ends the process, if that is
// plain.
func (n *nucleus) answer(arguments []string) {
	if status, done := plain.Answer(arguments, unsafe.Pointer(n.word(n.argc()+2)), n.mask); done {
		exit(status)
	}
}
