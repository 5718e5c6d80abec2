//go:build !amd64

package state

// hasRestorer says whether the C libraries set SA_RESTORER. Where the vdso has the code to
// return from handlers, as on arm64, they do not.
const hasRestorer = false
