package sys

import "syscall"

// Print writes a text to the standard output; false says that not all of it could be.
func Print(text []byte) bool {
	for len(text) > 0 {
		n, err := syscall.Write(1, text)
		switch {
		case err == syscall.EAGAIN: // it does not wait by itself
			var writable syscall.FdSet
			writable.Bits[0] = 1 << 1
			_, _ = syscall.Select(2, nil, &writable, nil, nil)
		case err != nil && err != syscall.EINTR:
			return false
		case err == nil:
			text = text[n:]
		}
	}
	return true
}
