package report

import (
	"strconv"

	words "supervise/internal/text"
)

// shownFrames is how many functions a summary names.
const shownFrames = 4

// Summary says in one line why a process crashed and where:
// "SIGSEGV (SEGV_MAPERR at 0x10) in handle_request+0x42 <- serve <- main".
func (r *Report) Summary() string {
	text := r.Signal
	if cause := r.Cause(); cause != "" {
		text += " (" + cause + ")"
	}
	if stack := r.Stack(); stack != "" {
		text += " in " + stack
	}
	return text
}

// Cause is the si_code in words, with the address of a fault or the sender of a signal:
// "SEGV_MAPERR at 0x10", "SI_USER from pid 812 (bash, uid 0)", "SI_TKILL by itself".
func (r *Report) Cause() string {
	text := r.CodeName
	switch {
	case r.Sender.Self:
		text += " by itself"
	case r.Sender != (Sender{}) && r.Sender.PID == 0:
		text += " from a process outside this PID namespace"
	case r.Sender != (Sender{}):
		from := "from pid " + strconv.Itoa(r.Sender.PID) + " ("
		if r.Sender.Name != "" {
			from += r.Sender.Name + ", "
		}
		text += " " + from + "uid " + strconv.Itoa(r.Sender.UID) + ")"
	case r.HasAddress():
		text += " at " + r.Address.String()
	}
	return words.Trim(text)
}

// HasAddress reports whether Address means something: the kernel raised the signal for a
// fault, whose address may be 0. sigaction(2).
func (r *Report) HasAddress() bool {
	switch r.Signal {
	case "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP":
		return r.Code > 0 && r.Code != siKernel
	}
	return false
}

// siKernel is SI_KERNEL: the kernel sent the signal, and there is no address.
const siKernel = 0x80

// Stack names the innermost functions of the crashed thread that have a name, the first with
// its offset: "handle_request+0x42 <- serve <- main". It is "" if none is known. Functions that
// only end the process, such as abort, are left out if there are others behind them, and a
// function that calls itself is named once: "walk (9 times)".
func (r *Report) Stack() string {
	t := r.Crashed()
	if t == nil {
		return ""
	}
	frames := t.Frames[ending(t.Frames):]
	var b []byte
	shown := 0
	for i := 0; i < len(frames) && shown < shownFrames; {
		f := &frames[i]
		times := 1
		for i+times < len(frames) && f.Function != "" && frames[i+times].Function == f.Function {
			times++
		}
		if f.Handler || f.Function == "" && i > 0 {
			i++
			continue
		}
		if shown++; shown > 1 {
			b = append(b, " <- "...)
		}
		switch {
		case f.Function == "":
			b = append(b, f.Address.String()...)
		case shown == 1 && f.Offset != 0:
			b = append(b, f.Function+"+"+words.Number(f.Offset)...)
		default:
			b = append(b, f.Function...)
		}
		if times > 1 {
			b = append(b, " ("+strconv.Itoa(times)+" times)"...)
		}
		i += times
	}
	return string(b)
}

// Function is the function in which the process crashed, the first of [Report.Stack]: not abort,
// but who called it. Where an address without a name was executed, it is the function that
// called that. It is "" if none is known.
func (r *Report) Function() string {
	t := r.Crashed()
	if t == nil {
		return ""
	}
	for _, f := range t.Frames[ending(t.Frames):] {
		if f.Function != "" && !f.Handler {
			return f.Function
		}
	}
	return ""
}

// maxEnding is how many frames lie between a failure and the signal that it ends in: those of
// Rust and Go are many.
const maxEnding = 24

// ending returns how many of the innermost frames are of functions that end the process: up to
// the last one that is known to do that, of libc, C++, Rust or Go.
func ending(frames []Frame) int {
	n := 0
	for i := range min(len(frames)-1, maxEnding) {
		f := &frames[i]
		// What a signal has interrupted does not end the process, except by Go's own handler.
		if f.Function == "main" || f.Function == "main.main" || f.Handler && !words.HasPrefix(f.Function, "runtime.") {
			break
		}
		if ends(f.Function) {
			n = i + 1
		}
	}
	if n > 0 && frames[n].Function == "" {
		return 0 // better than an address
	}
	return n
}

func ends(function string) bool {
	switch function {
	case "abort", "raise", "gsignal", "pthread_kill", "kill", "__pthread_kill_implementation", "__pthread_kill_internal",
		"__assert_fail", "__assert_fail_base", "__assert_perror_fail", "__stack_chk_fail", "__fortify_fail", "__chk_fail", "__libc_message",
		"malloc_printerr", "__libc_fatal",
		"std::terminate", "__cxa_throw", "__cxa_rethrow", "_Unwind_Resume", "__gnu_cxx::__verbose_terminate_handler",
		"rust_begin_unwind", "__rustc::rust_begin_unwind", "core::panicking::panic_fmt", "core::panicking::panic",
		"core::panicking::panic_bounds_check", "core::result::unwrap_failed", "core::option::unwrap_failed", "core::option::expect_failed",
		"runtime.gopanic", "runtime.sigpanic", "runtime.fatalpanic", "runtime.throw", "runtime.fatal", "runtime.raise", "runtime.raise.abi0",
		"runtime.dieFromSignal", "runtime.crash":
		return true
	}
	return false
}
