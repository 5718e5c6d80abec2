package explain

import "supervise/signals"

// anySignal are the codes that every signal can have, those from 0 down: asm-generic/siginfo.h.
// It is a list, as is bySignal: every start of the program would have to make a map.
var anySignal = [...]string{
	0: "SI_USER", 1: "SI_QUEUE", 2: "SI_TIMER", 3: "SI_MESGQ", 4: "SI_ASYNCIO", 5: "SI_SIGIO", 6: "SI_TKILL", 7: "SI_DETHREAD",
	60: "SI_ASYNCNL",
}

const siKernel = 0x80

// bySignal are the codes from 1 on, by signal.
var bySignal = [...][]string{
	signals.SIGILL: {"ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK", "ILL_BADIADDR"},
	signals.SIGFPE: {
		"FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB",
		"", "", "", "", "", "FPE_FLTUNK", "FPE_CONDTRAP",
	},
	signals.SIGSEGV: {
		"SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR", "SEGV_ACCADI", "SEGV_ADIDERR", "SEGV_ADIPERR",
		"SEGV_MTEAERR", "SEGV_MTESERR", "SEGV_CPERR",
	},
	signals.SIGBUS:  {"BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"},
	signals.SIGTRAP: {"TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK", "TRAP_PERF"},
	signals.SIGCHLD: {"CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"},
	signals.SIGIO:   {"POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"},
	signals.SIGSYS:  {"SYS_SECCOMP", "SYS_USER_DISPATCH"},
}

// codeName returns the name of an si_code, "" if it has none.
func codeName(signal signals.Signal, code int) string {
	switch {
	case code == siKernel:
		return "SI_KERNEL"
	case code <= 0 && -code < len(anySignal):
		return anySignal[-code]
	case code >= 1 && int(signal) < len(bySignal) && code <= len(bySignal[signal]):
		return bySignal[signal][code-1]
	}
	return ""
}

// hasSender reports whether siginfo names the process that sent the signal: of kill, tgkill,
// sigqueue and mq_notify. All others have something else there.
func hasSender(code int) bool {
	switch signals.Code(code) {
	case signals.CodeUser, signals.CodeThread, signals.CodeQueue, signals.CodeMessage:
		return true
	}
	return false
}
