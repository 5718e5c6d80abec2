package supervisor

import (
	"runtime"
	"runtime/debug"

	"supervise/internal/sys"
)

// hurryMemory is how much the Go runtime may use before the garbage collector works during
// the start, in bytes: that of some two thousand services.
const hurryMemory = 32 << 20

// perService is how many descriptors are kept for a service: two pipes, its cgroup, its
// FIFO.
const perService = 4

// Hurry prepares for starting many services at once, about as many as it is told. It comes
// before the configuration is read, to be done at the same time. [Run] ends it when the
// services have been started.
//
// The garbage collector is kept out of it: what the start takes is little, and given back
// as a whole afterwards. And more threads than there are processors start services: each
// is stopped until the kernel has loaded a program, which on a processor that was idle
// begins late.
func Hurry(services int) {
	go sys.GrowFDTable(services * perService)
	usual.limit = debug.SetMemoryLimit(hurryMemory)
	usual.percent = debug.SetGCPercent(-1)
	usual.processors = min(runtime.GOMAXPROCS(0), MostProcessors)
	runtime.GOMAXPROCS(min(2*usual.processors, MostProcessors))
}

// usual is what GOGC, GOMEMLIMIT and GOMAXPROCS say: package runtime.
var usual struct {
	percent, processors int
	limit               int64
}

// settle ends Hurry, and gives back what the start has taken and will not need again.
func settle() {
	if usual.processors != 0 {
		runtime.GOMAXPROCS(usual.processors)
		debug.SetGCPercent(usual.percent)
		debug.SetMemoryLimit(usual.limit)
	}
	debug.FreeOSMemory()
	sys.DropTextPages()
}
