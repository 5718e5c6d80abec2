package explain

import _ "unsafe" // for go:linkname

// setPanicOnFault is that of package runtime/debug, which is not early.
//
//go:linkname setPanicOnFault runtime/debug.setPanicOnFault
func setPanicOnFault(on bool) (old bool)
