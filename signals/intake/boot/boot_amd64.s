//go:build linux

#include "go_asm.h"
#include "textflag.h"

// System calls: asm/unistd_64.h.
#define SYS_rt_sigaction	13
#define SYS_rt_sigreturn	15
#define SYS_getpid		39
#define SYS_gettid		186
#define SYS_tgkill		234

#define SI_TKILL	-6
#define SI_CODE		8		// offsets in siginfo_t
#define SI_PID		16
#define UC_SIGMASK	296		// offset in struct ucontext: asm/ucontext.h
#define SLOT_SIZE	136		// of type slot: state, padding, siginfo_t
#define SLOT_RAW	8
#define FAULTS		0x800009b0	// 1<<signal for ILL, TRAP, BUS, FPE, SEGV, SYS

// keep copies the siginfo_t at R12 of signal R14 into its slot, unless that is in use.
// Clobbers AX BX CX SI DI.
TEXT ·keep(SB), NOSPLIT|NOFRAME, $0
	CMPL	R14, $32
	JGE	realtime
	MOVQ	R14, CX
	LEAQ	·standard(SB), BX
	JMP	claim
realtime:
	MOVQ	$1, CX
	LOCK
	XADDQ	CX, ·ringHead(SB)
	ANDQ	$(const_ringSize-1), CX
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
	JLE	ours			// sent by a process
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
	MOVQ	·threadMask(SB), AX
	ORQ	AX, UC_SIGMASK(R13)	// this thread has caught its last
stay:
	CALL	·keep(SB)
	MOVL	$SYS_gettid, AX
	SYSCALL
	CMPL	AX, ·selfPID(SB)
	JEQ	first
	LOCK
	INCQ	·caught(SB)
first:
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

// The observer, also a SA_SIGINFO handler, notes signal and si_code for Observed before the
// runtime's handler runs.
TEXT ·observer(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVLQZX	DI, AX
	MOVQ	AX, R8
	SHLQ	$32, R8
	MOVL	SI_CODE(SI), CX
	ORQ	CX, R8
	MOVQ	$1, CX
	LOCK
	XADDQ	CX, ·observedHead(SB)
	ANDQ	$(const_observedSize-1), CX
	LEAQ	·observed(SB), R9
	MOVQ	R8, (R9)(CX*8)
	LEAQ	·goHandler(SB), CX
	MOVQ	(CX)(AX*8), AX
	JMP	AX

TEXT ·restorer(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL	$SYS_rt_sigreturn, AX
	SYSCALL
	INT	$3

// In assembly, as a Go func value would have the address of a wrapper.
TEXT ·catcherPC(SB), NOSPLIT, $0-8
	LEAQ	·catcher(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

TEXT ·observerPC(SB), NOSPLIT, $0-8
	LEAQ	·observer(SB), AX
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
