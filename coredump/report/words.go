package report

// CauseInWords is the cause of the crash for people who do not know the names of codes:
// "SEGV_MAPERR at 0x10: no memory is mapped there, probably through a null pointer".
func (r *Report) CauseInWords() string {
	text, words := r.Cause(), wordsOf(r.CodeName)
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

func wordsOf(code string) string {
	for i := range codeWords {
		if codeWords[i].code == code {
			return codeWords[i].words
		}
	}
	return ""
}

// nullPage is what a null pointer and the offset of a member come to at most.
const nullPage = 64 << 10

// codeWords say what a code means. It is a list: every start of the program would have to make a map. sigaction(2); uapi/asm-generic/siginfo.h.
var codeWords = []struct{ code, words string }{
	{"SI_USER", "sent by kill"},
	{"SI_KERNEL", "sent by the kernel"},
	{"SI_QUEUE", "sent by sigqueue"},
	{"SI_TIMER", "a timer of the process expired"},
	{"SI_MESGQ", "a message queue is not empty any more"},
	{"SI_ASYNCIO", "asynchronous I/O has ended"},
	{"SI_SIGIO", "a file is ready"},
	{"SI_TKILL", "sent by tgkill"},
	{"SI_ASYNCNL", "a name was looked up"},

	{"ILL_ILLOPC", "no such instruction"},
	{"ILL_ILLOPN", "an operand that the instruction cannot have"},
	{"ILL_ILLADR", "an addressing mode that the instruction cannot have"},
	{"ILL_ILLTRP", "no such trap"},
	{"ILL_PRVOPC", "an instruction for the kernel alone"},
	{"ILL_PRVREG", "a register for the kernel alone"},
	{"ILL_COPROC", "the coprocessor failed"},
	{"ILL_BADSTK", "the stack is damaged"},
	{"ILL_BADIADDR", "no instruction can be there"},

	{"FPE_INTDIV", "an integer was divided by zero"},
	{"FPE_INTOVF", "an integer overflow"},
	{"FPE_FLTDIV", "a floating-point number was divided by zero"},
	{"FPE_FLTOVF", "a floating-point overflow"},
	{"FPE_FLTUND", "a floating-point underflow"},
	{"FPE_FLTRES", "an inexact floating-point result"},
	{"FPE_FLTINV", "an invalid floating-point operation"},
	{"FPE_FLTSUB", "a subscript out of range"},
	{"FPE_FLTUNK", "a floating-point exception"},
	{"FPE_CONDTRAP", "a trap on a condition"},

	{"SEGV_MAPERR", "no memory is mapped there"},
	{"SEGV_ACCERR", "the memory there is protected against it"},
	{"SEGV_BNDERR", "a check of bounds failed"},
	{"SEGV_PKUERR", "a protection key is against it"},
	{"SEGV_ACCADI", "memory tags are not enabled there"},
	{"SEGV_ADIDERR", "memory tags differ"},
	{"SEGV_ADIPERR", "memory tags differ"},
	{"SEGV_MTEAERR", "memory tags differed some time before"},
	{"SEGV_MTESERR", "memory tags differ"},
	{"SEGV_CPERR", "a return or a jump to where none may go"},

	{"BUS_ADRALN", "the address is not aligned"},
	{"BUS_ADRERR", "there is no such physical address: the file may be shorter than its mapping"},
	{"BUS_OBJERR", "the hardware of the object failed"},
	{"BUS_MCEERR_AR", "the memory failed"},
	{"BUS_MCEERR_AO", "memory elsewhere failed"},

	{"TRAP_BRKPT", "a breakpoint"},
	{"TRAP_TRACE", "a single step"},
	{"TRAP_BRANCH", "a branch"},
	{"TRAP_HWBKPT", "a breakpoint or watchpoint of the hardware"},
	{"TRAP_UNK", "a trap"},
	{"TRAP_PERF", "a performance event"},

	{"SYS_SECCOMP", "seccomp forbids the system call"},
	{"SYS_USER_DISPATCH", "a system call that is to be caught"},
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
