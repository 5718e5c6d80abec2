package report

// CauseInWords is the cause of the crash for people who do not know the names of codes:
// "SEGV_MAPERR at 0x10: no memory is mapped there, probably through a null pointer".
func (r *Report) CauseInWords() string {
	text, words := r.Cause(), codeWords(r.CodeName)
	if r.CodeName == "SI_TKILL" && r.Sender.Self && r.Signal == "SIGABRT" {
		words = "it called abort, or a function that does"
	}
	if r.Signal == "SIGSEGV" && r.HasAddress() && r.Address < nullPage {
		words += ", probably through a null pointer"
	}
	if r.Signal == "SIGSEGV" && r.CodeName == "SI_KERNEL" {
		words = "an address that cannot exist, or an instruction that is not allowed"
	}
	switch {
	case words == "":
		return text
	case text == "":
		return words
	}
	return text + ": " + words
}

// nullPage is what a null pointer and the offset of a member come to at most.
const nullPage = 64 << 10

// codeWords says what a code means, "" if it is not known. sigaction(2);
// uapi/asm-generic/siginfo.h.
func codeWords(name string) string {
	switch name {
	case "SI_USER":
		return "sent by kill"
	case "SI_KERNEL":
		return "sent by the kernel"
	case "SI_QUEUE":
		return "sent by sigqueue"
	case "SI_TIMER":
		return "a timer of the process expired"
	case "SI_MESGQ":
		return "a message queue is not empty any more"
	case "SI_ASYNCIO":
		return "asynchronous I/O has ended"
	case "SI_SIGIO":
		return "a file is ready"
	case "SI_TKILL":
		return "sent by tgkill"
	case "SI_ASYNCNL":
		return "a name was looked up"
	case "ILL_ILLOPC":
		return "no such instruction"
	case "ILL_ILLOPN":
		return "an operand that the instruction cannot have"
	case "ILL_ILLADR":
		return "an addressing mode that the instruction cannot have"
	case "ILL_ILLTRP":
		return "no such trap"
	case "ILL_PRVOPC":
		return "an instruction for the kernel alone"
	case "ILL_PRVREG":
		return "a register for the kernel alone"
	case "ILL_COPROC":
		return "the coprocessor failed"
	case "ILL_BADSTK":
		return "the stack is damaged"
	case "ILL_BADIADDR":
		return "no instruction can be there"
	case "FPE_INTDIV":
		return "an integer was divided by zero"
	case "FPE_INTOVF":
		return "an integer overflow"
	case "FPE_FLTDIV":
		return "a floating-point number was divided by zero"
	case "FPE_FLTOVF":
		return "a floating-point overflow"
	case "FPE_FLTUND":
		return "a floating-point underflow"
	case "FPE_FLTRES":
		return "an inexact floating-point result"
	case "FPE_FLTINV":
		return "an invalid floating-point operation"
	case "FPE_FLTSUB":
		return "a subscript out of range"
	case "FPE_FLTUNK":
		return "a floating-point exception"
	case "FPE_CONDTRAP":
		return "a trap on a condition"
	case "SEGV_MAPERR":
		return "no memory is mapped there"
	case "SEGV_ACCERR":
		return "the memory there is protected against it"
	case "SEGV_BNDERR":
		return "a check of bounds failed"
	case "SEGV_PKUERR":
		return "a protection key is against it"
	case "SEGV_ACCADI":
		return "memory tags are not enabled there"
	case "SEGV_ADIDERR":
		return "memory tags differ"
	case "SEGV_ADIPERR":
		return "memory tags differ"
	case "SEGV_MTEAERR":
		return "memory tags differed some time before"
	case "SEGV_MTESERR":
		return "memory tags differ"
	case "SEGV_CPERR":
		return "a return or a jump to where none may go"
	case "BUS_ADRALN":
		return "the address is not aligned"
	case "BUS_ADRERR":
		return "there is no such physical address: the file may be shorter than its mapping"
	case "BUS_OBJERR":
		return "the hardware of the object failed"
	case "BUS_MCEERR_AR":
		return "the memory failed"
	case "BUS_MCEERR_AO":
		return "memory elsewhere failed"
	case "TRAP_BRKPT":
		return "a breakpoint"
	case "TRAP_TRACE":
		return "a single step"
	case "TRAP_BRANCH":
		return "a branch"
	case "TRAP_HWBKPT":
		return "a breakpoint or watchpoint of the hardware"
	case "TRAP_UNK":
		return "a trap"
	case "TRAP_PERF":
		return "a performance event"
	case "SYS_SECCOMP":
		return "seccomp forbids the system call"
	case "SYS_USER_DISPATCH":
		return "a system call that is to be caught"
	}
	return ""
}

// Crashed returns the thread that crashed, nil if none did.
func (r *Report) Crashed() *Thread {
	for i := range r.Threads {
		if r.Threads[i].Crashed {
			return &r.Threads[i]
		}
	}
	return nil
}
