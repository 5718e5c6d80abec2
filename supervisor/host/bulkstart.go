package host

import (
	"runtime"
	"runtime/debug"

	"supervise/internal/sys"
)

// bulkMemory is how much the Go runtime may use before the garbage collector works during a
// bulk start, in bytes: that of some two thousand services.
const bulkMemory = 32 << 20

// perService is how many descriptors are kept for a service: two pipes, its cgroup, its
// FIFO.
const perService = 4

// BeginBulkStart prepares for starting many services at once, about as many as it is told.
// It comes before the configuration is read, to be done at the same time. [EndBulkStart]
// ends it when the services have been started.
//
// The garbage collector is kept out of it: what the start takes is little, and given back
// as a whole afterwards. And more threads than there are processors start services: each
// is stopped until the kernel has loaded a program, which on a processor that was idle
// begins late.
func BeginBulkStart(services int) {
	go sys.GrowFDTable(services * perService)
	savedRuntime.limit = debug.SetMemoryLimit(bulkMemory)
	savedRuntime.percent = debug.SetGCPercent(-1)
	savedRuntime.processors = min(runtime.GOMAXPROCS(0), MaxProcessors)
	runtime.GOMAXPROCS(min(2*savedRuntime.processors, MaxProcessors))
}

// savedRuntime is what GOGC, GOMEMLIMIT and GOMAXPROCS say: package runtime.
var savedRuntime struct {
	percent, processors int
	limit               int64
}

// EndBulkStart restores the runtime's settings, and gives back the memory that the start has
// taken and that will not be needed again.
func EndBulkStart() {
	if savedRuntime.processors != 0 {
		runtime.GOMAXPROCS(savedRuntime.processors)
		debug.SetGCPercent(savedRuntime.percent)
		debug.SetMemoryLimit(savedRuntime.limit)
	}
	debug.FreeOSMemory()
	sys.DropTextPages()
}
