package explain

import "supervise/signals"

// anySignal returns the name of a code that every signal can have, "" if it is none:
// asm-generic/siginfo.h.
func anySignal(code int) string {
	switch code {
	case 0:
		return "SI_USER"
	case 0x80:
		return "SI_KERNEL"
	case -1:
		return "SI_QUEUE"
	case -2:
		return "SI_TIMER"
	case -3:
		return "SI_MESGQ"
	case -4:
		return "SI_ASYNCIO"
	case -5:
		return "SI_SIGIO"
	case -6:
		return "SI_TKILL"
	case -7:
		return "SI_DETHREAD"
	case -60:
		return "SI_ASYNCNL"
	}
	return ""
}

// bySignal returns the names of the codes from 1 on that a signal has of its own.
func bySignal(signal signals.Signal) []string {
	switch signal {
	case signals.SIGILL:
		return []string{"ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK", "ILL_BADIADDR"}
	case signals.SIGFPE:
		return []string{
			"FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB",
			"", "", "", "", "", "FPE_FLTUNK", "FPE_CONDTRAP",
		}
	case signals.SIGSEGV:
		return []string{
			"SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR", "SEGV_ACCADI", "SEGV_ADIDERR", "SEGV_ADIPERR",
			"SEGV_MTEAERR", "SEGV_MTESERR", "SEGV_CPERR",
		}
	case signals.SIGBUS:
		return []string{"BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"}
	case signals.SIGTRAP:
		return []string{"TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK", "TRAP_PERF"}
	case signals.SIGCHLD:
		return []string{"CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"}
	case signals.SIGIO:
		return []string{"POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"}
	case signals.SIGSYS:
		return []string{"SYS_SECCOMP", "SYS_USER_DISPATCH"}
	}
	return nil
}

// codeName returns the name of an si_code, "" if it has none.
func codeName(signal signals.Signal, code int) string {
	if name := anySignal(code); name != "" {
		return name
	}
	if names := bySignal(signal); code >= 1 && code <= len(names) {
		return names[code-1]
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
