//go:build linux && !cgo && (amd64 || arm64)

package nucleus

import (
	"unsafe"

	"supervise/internal/text"
	"supervise/supervisor/pid1"
	"supervise/supervisor/process"
)

// mostCopied is how many variables there is memory for if some have to be changed.
const mostCopied = 1024

// environ is a copy of the environment, in which the command's pid stands where the inherited
// one names us by ours.
type environ struct {
	entries [mostCopied + 1]*byte
	changed [len(pid1.Addressees)][64]byte
}

// prepare returns the command's environment, and has the child write its pid where it is to
// stand. It returns nil if there is no memory for it.
func (e *environ) prepare(n *nucleus, b *process.Bare) **byte {
	var named [len(pid1.Addressees)]bool
	any := false
	for i := n.found - 1; i >= 0; i-- { // of two that set the same the first counts
		if which, value, ok := pid1.Addressee(n.variables[i]); ok {
			pid, ok := text.Uint(value, 1<<30)
			named[which] = ok && int(pid) == n.pid && value[0] != '0'
		}
	}
	for i := range named {
		any = any || named[i]
	}
	first := n.argc() + 2
	if !any {
		return (**byte)(unsafe.Pointer(n.word(first)))
	}
	kept := 0
	for i := first; *n.word(i) != nil; i++ {
		if kept >= mostCopied-len(named) {
			return nil
		}
		if !replaced(cString(*n.word(i)), &named) {
			e.entries[kept] = (*byte)(*n.word(i))
			kept++
		}
	}
	for i := range named {
		if named[i] {
			end := copy(e.changed[i][:], pid1.Addressees[i])
			end += copy(e.changed[i][end:], "=")
			b.PIDs[i] = &e.changed[i][end]
			e.entries[kept] = &e.changed[i][0]
			kept++
		}
	}
	return &e.entries[0]
}

// replaced reports whether the command is not to find an entry as we did.
func replaced(entry string, named *[len(pid1.Addressees)]bool) bool {
	if which, _, ok := pid1.Addressee(entry); ok && named[which] {
		return true
	}
	return named[0] && text.HasPrefix(entry, pid1.PIDFDID)
}
