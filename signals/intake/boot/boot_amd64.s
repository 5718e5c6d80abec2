//go:build linux

#include "textflag.h"

// System calls: asm/unistd_64.h.
#define SYS_rt_sigaction	13
#define SYS_rt_sigprocmask	14
#define SYS_rt_sigreturn	15
#define SYS_sched_yield		24
#define SYS_pause		34
#define SYS_getpid		39
#define SYS_clone		56
#define SYS_rt_sigtimedwait	128
#define SYS_gettid		186
#define SYS_tgkill		234
#define SYS_prlimit64		302

#define SI_TKILL	-6
#define SI_CODE		8		// offsets in siginfo_t
#define SI_PID		16
#define UC_SIGMASK	296		// offset in struct ucontext: asm/ucontext.h
#define SLOT_SIZE	136		// of type slot: state, padding, siginfo_t
#define SLOT_RAW	8
#define RING_GUARD	64		// how many of the ring's places the guard may fill
#define CLONE_FLAGS	0x50f00		// VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: clone(2)
#define FAULTS		0x800009b0	// 1<<signal for ILL, TRAP, BUS, FPE, SEGV, SYS

// What the entry point and the guard ask the kernel for: siginfo_t or struct sigaction.
GLOBL	scratch<>(SB), NOPTR, $128
GLOBL	zero<>(SB), NOPTR|RODATA, $16
DATA	everything<>+0(SB)/8, $0xffffffffffffffff
GLOBL	everything<>(SB), NOPTR|RODATA, $8

// keep copies the siginfo_t at R12 of signal R14 into its slot, unless one waits there.
// Clobbers AX BX CX SI DI.
TEXT keep<>(SB), NOSPLIT|NOFRAME, $0
	CMPL	R14, $32
	JGE	realtime
	MOVQ	R14, CX
	LEAQ	·standard(SB), BX
	JMP	claim
realtime:
	MOVQ	$1, CX
	LOCK
	XADDQ	CX, ·ringHead(SB)
	ANDQ	$16383, CX		// ringSize-1
	LEAQ	·ring(SB), BX
claim:
	IMULQ	$SLOT_SIZE, CX
	ADDQ	CX, BX
	XORL	AX, AX			// slotFree
	MOVL	$1, CX			// slotClaimed
	LOCK
	CMPXCHGL	CX, 0(BX)
	JNE	taken
	MOVQ	R12, SI
	LEAQ	SLOT_RAW(BX), DI
	MOVQ	$16, CX
	CLD
	REP; MOVSQ
	MOVL	$2, 0(BX)		// slotReady
	RET
taken:
	CMPL	R14, $32
	JLT	coalesced
	LOCK
	INCQ	·lost(SB)
coalesced:
	RET

// bound has the guard leave further signals 32, 33 and 34 to the catcher once it has
// filled its part of the ring. Clobbers AX.
TEXT bound<>(SB), NOSPLIT|NOFRAME, $0
	CMPQ	·ringHead(SB), $RING_GUARD
	JLT	room
	MOVL	$0x7fffffff, AX
	ANDQ	AX, ·guardSet(SB)
room:
	RET

// The entry point of the process: -ldflags=-E=_supervise_entry. At SP lie argc, argv
// and all the rest that the runtime will read; below it is free.
TEXT _supervise_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ	SP, ·stack(SB)
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$0, DI			// SIG_BLOCK
	LEAQ	everything<>(SB), SI
	LEAQ	·mask(SB), DX
	MOVL	$8, R10
	SYSCALL

	MOVL	$1, R14			// which of the 64 are ignored?
disposition:
	MOVL	$SYS_rt_sigaction, AX
	MOVQ	R14, DI
	MOVL	$0, SI
	LEAQ	scratch<>(SB), DX
	MOVL	$8, R10
	SYSCALL
	CMPQ	scratch<>+0(SB), $1	// SIG_IGN
	JNE	next
	LEAQ	-1(R14), CX
	BTSQ	CX, ·ignored(SB)
next:
	INCQ	R14
	CMPQ	R14, $64
	JLE	disposition

	MOVL	$SYS_prlimit64, AX
	MOVL	$0, DI
	MOVL	$7, SI			// RLIMIT_NOFILE
	MOVL	$0, DX
	LEAQ	·noFile(SB), R10
	SYSCALL

	MOVL	$SYS_getpid, AX
	SYSCALL
	MOVL	AX, ·selfPID(SB)

	// The runtime never touches the handlers of 32 and 34 but to give them its
	// signal stack, so that these two are safe from here on.
	LEAQ	·catcher(SB), AX
	MOVQ	AX, scratch<>+0(SB)
	MOVQ	$0x1c000004, AX		// SA_SIGINFO|SA_RESTORER|SA_ONSTACK|SA_RESTART
	MOVQ	AX, scratch<>+8(SB)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, scratch<>+16(SB)
	MOVQ	$-1, scratch<>+24(SB)
	MOVL	$32, R14
catch:
	MOVL	$SYS_rt_sigaction, AX
	MOVQ	R14, DI
	LEAQ	scratch<>(SB), SI
	MOVL	$0, DX
	MOVL	$8, R10
	SYSCALL
	ADDQ	$2, R14
	CMPQ	R14, $34
	JLE	catch

	// Take what was pending at exec, as long as there is room.
pending:
	MOVL	$SYS_rt_sigtimedwait, AX
	LEAQ	·guardSet(SB), DI
	LEAQ	scratch<>(SB), SI
	LEAQ	zero<>(SB), DX
	MOVL	$8, R10
	SYSCALL
	CMPQ	AX, $0
	JLE	drained
	MOVQ	AX, R14
	LEAQ	scratch<>(SB), R12
	CALL	keep<>(SB)
	CALL	bound<>(SB)
	JMP	pending
drained:

	// From here on the runtime runs on a second thread, which takes over this stack;
	// without one, on this thread and unguarded.
	MOVL	$1, ·entered(SB)
	MOVL	$SYS_clone, AX
	MOVL	$CLONE_FLAGS, DI
	MOVQ	SP, SI
	XORL	DX, DX
	XORL	R10, R10
	XORL	R8, R8
	SYSCALL
	CMPQ	AX, $0
	JGT	guard
	JLT	run
behind:
	CMPL	·guarding(SB), $0	// not before the guard has taken its place
	JNE	run
	MOVL	$SYS_sched_yield, AX
	SYSCALL
	JMP	behind
run:
	JMP	_rt0_amd64_linux(SB)

	// The first thread: keep what the second would die of. No stack but for keep's
	// return address.
guard:
	LEAQ	guardStack<>+64(SB), SP
	MOVL	$1, ·guarding(SB)
wait:
	MOVL	$SYS_rt_sigtimedwait, AX
	LEAQ	·guardSet(SB), DI
	LEAQ	scratch<>(SB), SI
	XORL	DX, DX
	MOVL	$8, R10
	SYSCALL
	CMPQ	AX, $0
	JLE	asked
	MOVQ	AX, R14
	LEAQ	scratch<>(SB), R12
	CALL	keep<>(SB)
	CALL	bound<>(SB)
	MOVL	·intakeTID(SB), SI
	TESTL	SI, SI
	JZ	asked
	MOVL	·selfPID(SB), DI
	MOVL	$17, DX			// SIGCHLD
	MOVL	$SYS_tgkill, AX
	SYSCALL
asked:
	CMPL	·retired(SB), $0
	JEQ	wait
rest:
	MOVL	$SYS_pause, AX		// nothing, with everything blocked: for ever
	SYSCALL
	JMP	rest

GLOBL	guardStack<>(SB), NOPTR, $64
// The catcher: a SA_SIGINFO handler. DI = signal, SI = *siginfo_t, DX = *ucontext, on
// the runtime's signal stack. rt_sigreturn restores every register, so all may be used.
TEXT ·catcher(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL	SI_CODE(SI), AX
	CMPL	AX, $SI_TKILL
	JNE	foreign
	MOVL	SI_PID(SI), CX
	CMPL	CX, ·selfPID(SB)
	JEQ	chain			// the runtime to one of its threads
foreign:
	TESTL	AX, AX
	JLE	ours			// somebody sent it
	MOVL	$FAULTS, BX
	BTQ	DI, BX
	JCS	chain			// a real fault
ours:
	MOVQ	SI, R12
	MOVQ	DX, R13
	MOVLQZX	DI, R14
	MOVL	$SYS_getpid, AX		// a vfork child runs in our memory
	SYSCALL
	CMPL	AX, ·selfPID(SB)
	JNE	out
	MOVL	$SYS_gettid, AX
	SYSCALL
	CMPL	AX, ·intakeTID(SB)
	JEQ	stay
	MOVQ	·quietMask(SB), AX
	ORQ	AX, UC_SIGMASK(R13)	// this thread has caught its last
stay:
	CALL	keep<>(SB)
	MOVL	·intakeTID(SB), SI
	TESTL	SI, SI
	JZ	out
	MOVL	·selfPID(SB), DI
	MOVL	$17, DX			// SIGCHLD, a hint that costs nothing when spurious
	MOVL	$SYS_tgkill, AX
	SYSCALL
out:
	RET				// to the restorer
chain:
	MOVLQZX	DI, AX
	LEAQ	·goHandler(SB), CX
	MOVQ	(CX)(AX*8), AX
	CMPQ	AX, $1
	JLS	out			// SIG_DFL, SIG_IGN: the runtime has none
	JMP	AX

TEXT ·restorer(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL	$SYS_rt_sigreturn, AX
	SYSCALL
	INT	$3

// Addresses are taken here, as a Go func value's would be that of a wrapper.
TEXT ·catcherPC(SB), NOSPLIT, $0-8
	LEAQ	·catcher(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

TEXT ·restorerPC(SB), NOSPLIT, $0-8
	LEAQ	·restorer(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func rawSyscall(nr, a1, a2, a3, a4 uintptr) uintptr
TEXT ·rawSyscall(SB), NOSPLIT, $0-48
	MOVQ	nr+0(FP), AX
	MOVQ	a1+8(FP), DI
	MOVQ	a2+16(FP), SI
	MOVQ	a3+24(FP), DX
	MOVQ	a4+32(FP), R10
	SYSCALL
	MOVQ	AX, ret+40(FP)
	RET
