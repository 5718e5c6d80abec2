package advice

import (
	"slices"
	"strings"

	"supervise/internal/programs"
	"supervise/signals"
)

// goRuntime is a Go program, whose runtime catches nearly everything: os/signal, "Default
// behavior of signals in Go programs".
func goRuntime(f *Facts) (text, remedy string) {
	byName := slices.ContainsFunc(f.Handlers, func(h string) bool { return h == "runtime.sigtramp" || h == "runtime.cgoSigtramp" })
	if !f.Go && !byName || !f.Caught.Has(signals.SIGURG) {
		return "", ""
	}
	return "the handlers are those of the Go runtime, which catches nearly every signal: that one is caught does not mean that the program wants it",
		"what the program wants is what it gives to signal.Notify; all else has its default effect: SIGTERM ends it, SIGQUIT also prints all goroutines"
}

// jvm is a Java virtual machine.
func jvm(f *Facts) (text, remedy string) {
	if !slices.ContainsFunc(f.Modules, func(m string) bool { return programs.Base(m) == "libjvm.so" }) {
		return "", ""
	}
	return "the handlers are those of the Java virtual machine: SIGTERM, SIGINT and SIGHUP run its shutdown hooks, SIGQUIT prints all threads, SIGSEGV and others are part of its work",
		"with -Xrs it leaves HUP, INT, TERM and QUIT to the program; a program's own handler of SEGV or BUS needs libjsig.so"
}

// node is Node.js.
func node(f *Facts) (text, remedy string) {
	byName := slices.ContainsFunc(f.Handlers, func(h string) bool { return strings.HasPrefix(h, "node::") })
	byModule := slices.ContainsFunc(f.Modules, func(m string) bool { return programs.Base(m) == "node" || programs.Base(m) == "nodejs" })
	if !byName && !byModule {
		return "", ""
	}
	text = "the handlers are those of Node.js: SIGUSR1 starts the debugger, SIGPIPE is ignored"
	if !f.Caught.Has(signals.SIGTERM) {
		return text + "; the program has none for SIGTERM, which ends it at once", "process.on('SIGTERM', ...) has it end in order"
	}
	return text + "; one of the program (process.on) runs in its event loop, and so not while that is busy", "a loop that does not return to the event loop delays signals: only SIGKILL is independent of it"
}
