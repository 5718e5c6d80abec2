package lattice

// house lists every package of the module, from the ground up. A package may import all
// that stand on the floors below its own. What it imports beside that stands behind the
// colon: packages of its own floor, written above it, and modules of others.
const house = `
floor ground
	internal/text
	internal/release:         internal/text
	internal/little
	internal/guess:           internal/text
	internal/size:            internal/guess internal/text
	internal/text/escape
	signals:                  internal/text
	internal/programs:        signals
	signals/queue:            signals
	signals/state:            signals internal/text
	signals/predict:          signals signals/state
	signals/relay/kernel
	signals/relay:            signals signals/relay/kernel
	internal/sys:             signals signals/state signals/relay signals/relay/kernel internal/text
	internal/text/json:       internal/text internal/text/escape
	internal/epoll:           golang.org/x/sys
	internal/safefile:        golang.org/x/sys
	internal/bpf:             golang.org/x/sys
	internal/ptrace:          internal/sys signals signals/state golang.org/x/sys
	internal/ipc/owner:       internal/sys internal/text/json
	internal/ipc:             internal/sys internal/ipc/owner golang.org/x/sys

floor 1
	coredump
	coredump/report
	coredump/order:           coredump/report
	config:                   coredump coredump/order github.com/BurntSushi/toml
	signals/advice
	config/accounts:          config
	config/graph:             config
	supervisor/machine:       config
	supervisor/status
	supervisor/control/request: supervisor/status config
	coredump/socket:          golang.org/x/sys
	coredump/crasher:         coredump/socket golang.org/x/sys
	coredump/talk:            golang.org/x/sys
	coredump/elfcore
	coredump/unwind/cfi
	coredump/unwind:          coredump/unwind/cfi
	coredump/symbols
	coredump/symbols/late:    coredump/symbols github.com/ianlancetaylor/demangle github.com/klauspost/compress
	coredump/explain:         coredump/elfcore coredump/report coredump/symbols coredump/unwind coredump/unwind/cfi
	coredump/explain/apart:   coredump/elfcore coredump/explain coredump/report coredump/symbols coredump/symbols/late golang.org/x/sys
	coredump/read:            coredump/elfcore coredump/explain coredump/report
	coredump/report/page:     coredump/report

floor 2
	signals/trace
	signals/state/procfs
	signals/actions
	signals/handlers
	signals/queued
	signals/inspect:          signals/actions signals/handlers signals/queued signals/state/procfs
	signals/recorder:         golang.org/x/sys
	signals/trace/bpf:        signals/trace golang.org/x/sys
	signals/trace/tracefs:    signals/trace golang.org/x/sys
	signals/trace/ptrace:     signals/trace golang.org/x/sys
	signals/trace/recording:  signals/trace github.com/klauspost/compress
	signals/trace/summary:    signals/trace
	signals/trace/page:       signals/trace
	signals/trace/perfetto:   signals/trace
	signals/lab/actor:        golang.org/x/sys
	signals/lab:              signals/lab/actor signals/state/procfs golang.org/x/sys
	signals/intake/boot
	signals/intake:           signals/intake/boot
	signals/send
	coredump/settings:        golang.org/x/sys
	coredump/mini
	coredump/take:            coredump/mini golang.org/x/sys
	coredump/store/sparse:    golang.org/x/sys
	coredump/store/pack:      coredump/store/sparse github.com/klauspost/compress
	coredump/store/journaldump: coredump/store/pack golang.org/x/sys
	coredump/store:           coredump/store/sparse coredump/store/pack coredump/store/journaldump golang.org/x/sys
	coredump/collector:       coredump/settings golang.org/x/sys
	supervisor/process
	signals/lab/bench:        signals/state/procfs supervisor/process golang.org/x/sys
	signals/lab/profile:      signals/lab/bench signals/state/procfs
	signals/lab/scenario:     signals/lab/bench github.com/BurntSushi/toml golang.org/x/sys
	signals/trace/live:       signals/handlers signals/trace signals/trace/bpf signals/trace/tracefs signals/trace/ptrace signals/intake supervisor/process golang.org/x/sys
	supervisor/process/tree:  signals/send golang.org/x/sys
	signals/deliver:          signals/state/procfs supervisor/process/tree golang.org/x/sys
	signals/atexec:           signals/intake coredump/settings golang.org/x/sys
	supervisor/launch/environ
	supervisor/launch/envfile
	supervisor/launch:        supervisor/process supervisor/launch/environ supervisor/launch/envfile golang.org/x/sys
	supervisor/logs:          golang.org/x/sys
	supervisor/output:        supervisor/logs golang.org/x/sys
	supervisor/preflight:     coredump/settings coredump/store supervisor/launch supervisor/launch/environ supervisor/output supervisor/process golang.org/x/sys
	supervisor/attribution:   signals/recorder golang.org/x/sys
	supervisor/kernel:        signals/recorder signals/send supervisor/process/tree
	supervisor/threads
	supervisor/host:          supervisor/threads signals/recorder coredump/collector coredump/settings coredump/store supervisor/kernel supervisor/launch supervisor/process supervisor/output supervisor/logs supervisor/attribution supervisor/process/tree signals/intake signals/send golang.org/x/sys
	supervisor/journal:       signals/recorder supervisor/attribution
	supervisor/severity:      supervisor/journal github.com/rs/zerolog
	supervisor/logger:        supervisor/severity supervisor/journal supervisor/attribution supervisor/logs github.com/rs/zerolog
	supervisor/lastlines:     supervisor/journal
	supervisor/crashes:       supervisor/journal supervisor/kernel supervisor/process/tree
	supervisor/calls:         supervisor/logs
	supervisor/journal/disk:  supervisor/journal golang.org/x/sys
	supervisor/journal/replay: supervisor/journal
	supervisor/board/segment
	supervisor/board:         supervisor/board/segment
	supervisor/snapshot:      supervisor/attribution
	supervisor/control/wire
	supervisor/rundir:        supervisor/control/wire golang.org/x/sys
	supervisor/control/client: supervisor/control/wire golang.org/x/sys
	supervisor/control:       supervisor/control/wire golang.org/x/sys
	supervisor/plain:         supervisor/board/segment supervisor/control/wire signals/intake/boot
	coredump/quickread:       signals/intake

floor 3
	supervisor/doctor:        golang.org/x/sys
	coredump/handler:         golang.org/x/sys
	supervisor/corecollect:   github.com/rs/zerolog
	supervisor/reach:         github.com/rs/zerolog
	supervisor/pid1
	supervisor/pid1/cmdline:  supervisor/pid1
	supervisor/nucleus:       supervisor/pid1 supervisor/pid1/cmdline
	supervisor/pid1/conformance
	supervisor:               supervisor/corecollect supervisor/reach github.com/rs/zerolog golang.org/x/sys

floor roof
	cmd/supervise/preinit
	cmd/supervise/precore
	cmd/supervise:            cmd/supervise/preinit cmd/supervise/precore github.com/spf13/cobra github.com/rs/zerolog golang.org/x/sys

beside
	internal/sim:             github.com/rs/zerolog
	internal/bench/stats
	internal/bench/proc:      golang.org/x/sys
	internal/bench/role:      golang.org/x/sys
	internal/bench/report:    internal/bench/stats
	internal/bench/leastgo
	internal/bench/receiver
	internal/bench/tiny
	internal/bench:           internal/bench/stats internal/bench/proc internal/bench/role internal/bench/report golang.org/x/sys

tests
	internal/testproc:        golang.org/x/sys
	internal/testtrace
	internal/lattice
`

// Beside and tests are floors too, the topmost: nothing of the house may import what
// stands there. What is under tests, tests alone may import.
const testsFloor = "tests"

// forTests are the modules that tests may use in addition to those of the house.
var forTests = []string{"github.com/rogpeppe/go-internal", "github.com/creack/pty"}

// pure are the packages that decide, and leave it to others to act: no clock, no I/O, no
// goroutine, no log. They may import each other and, of the standard library, pureImports.
var pure = []string{"internal/guess", "internal/size", "internal/text", "internal/little", "internal/programs", "internal/text/escape", "signals", "signals/queue", "signals/state", "signals/predict", "signals/advice", "signals/trace", "coredump", "coredump/report", "coredump/order", "coredump/unwind", "coredump/unwind/cfi", "supervisor/machine", "supervisor/launch/envfile"}

// allowedToPure is what a pure package may import that is not: the specification it works
// by, which config also reads from files.
var allowedToPure = []string{"config"}

var pureImports = []string{
	"cmp", "errors", "iter", "math", "math/bits", "math/rand/v2", "slices", "strconv", "strings",
	"time", // for Duration
	"unicode/utf8", "unsafe",
}

// early are the packages that run before the rest of the program is initialised, because
// somebody waits for them: package preinit says how. Directly or not, they import of the
// standard library only earlyImports and what is internal to it.
var early = []string{"supervisor/pid1/cmdline", "supervisor/plain", "cmd/supervise/preinit"}

var earlyImports = []string{
	"cmp", "errors", "iter", "math/bits", "runtime", "slices", "strconv",
	// These sort behind "supervise" and before "time", so that they hold up nothing.
	"sync", "sync/atomic", "syscall",
	// These have nothing to initialise.
	"unicode/utf8", "unsafe",
}

// second are the packages that run as early as package time allows: package precore says why.
// Of the standard library they may import secondImports too.
var second = []string{"cmd/supervise/precore"}

var secondImports = []string{"hash", "hash/crc32", "io", "io/fs", "math", "path", "sort", "time"}
