package host

import (
	"runtime"
	"runtime/debug"

	"supervise/internal/sys"
	"supervise/supervisor/process"
	"supervise/supervisor/threads"
)

// bulkMemory is how much the Go runtime may use before the garbage collector works during a
// bulk start, in bytes; a service takes some 16 KiB.
const (
	bulkMemory    = 16 << 20
	serviceMemory = 24 << 10
)

// fewServices are so few that there is nothing to prepare for.
const fewServices = 4

// lowNumbers is more than the descriptors that are open for starts that are under way: two ends of
// pipes each.
const lowNumbers = 128

// perService is how many descriptors are kept for a service: two pipes, its cgroup, its
// FIFO.
const perService = 4

// BeginBulkStart prepares for starting about so many services at once. It is called before
// the configuration is read, and does its work meanwhile. [EndBulkStart] is called when the
// services have been started.
//
// The garbage collector is off until then: the start takes little memory, which is given
// back as a whole. And more threads than there are processors start services: each of them
// is stopped until the kernel has loaded a program, and on a processor that was idle that
// begins late.
func BeginBulkStart(services int) {
	if services <= fewServices {
		return
	}
	sys.KeepLow(lowNumbers)
	go sys.GrowFDTable(services * perService)
	savedRuntime.limit = debug.SetMemoryLimit(bulkMemory + int64(services)*serviceMemory)
	savedRuntime.percent = debug.SetGCPercent(-1)
	savedRuntime.processors = min(runtime.GOMAXPROCS(0), threads.MaxProcessors)
	runtime.GOMAXPROCS(min(2*savedRuntime.processors, threads.MaxProcessors))
}

// savedRuntime are the settings before the start: GOGC, GOMEMLIMIT and GOMAXPROCS, as package
// runtime knows them.
var savedRuntime struct {
	percent, processors int
	limit               int64
}

// EndBulkStart restores the runtime's settings, and gives back the memory that only the start
// needed.
func EndBulkStart() {
	if savedRuntime.processors != 0 {
		runtime.GOMAXPROCS(savedRuntime.processors)
		debug.SetGCPercent(savedRuntime.percent)
		debug.SetMemoryLimit(savedRuntime.limit)
	}
	process.Trim()
	debug.FreeOSMemory()
	sys.DropTextPages()
}
