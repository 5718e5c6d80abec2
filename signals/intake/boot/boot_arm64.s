//go:build linux

#include "textflag.h"

// System calls: asm-generic/unistd.h.
#define SYS_ppoll		73
#define SYS_sched_yield		124
#define SYS_tgkill		131
#define SYS_rt_sigaction	134
#define SYS_rt_sigprocmask	135
#define SYS_rt_sigtimedwait	137
#define SYS_getpid		172
#define SYS_gettid		178
#define SYS_clone		220
#define SYS_prlimit64		261

#define SI_CODE		8		// offsets in siginfo_t
#define SI_PID		16
#define UC_SIGMASK	40		// offset in struct ucontext: asm/ucontext.h
#define SLOT_SIZE	136		// of type slot: state, padding, siginfo_t
#define SLOT_RAW	8
#define RING_GUARD	64		// how many of the ring's places the guard may fill
#define CLONE_FLAGS	0x50f00		// VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: clone(2)
#define FAULTS		0x800009b0	// 1<<signal for ILL, TRAP, BUS, FPE, SEGV, SYS

// What the entry point asks the kernel for: siginfo_t or struct sigaction.
GLOBL	scratch<>(SB), NOPTR, $128
GLOBL	zero<>(SB), NOPTR|RODATA, $16
DATA	everything<>+0(SB)/8, $0xffffffffffffffff
GLOBL	everything<>(SB), NOPTR|RODATA, $8

// keep copies the siginfo_t at R19 of signal R20 into its slot, unless one waits there.
// Clobbers R0-R7. Called with BL; returns to R30.
TEXT keep<>(SB), NOSPLIT|NOFRAME, $0
	CMP	$32, R20
	BGE	realtime
	MOVD	R20, R1
	MOVD	$·standard(SB), R0
	B	claim
realtime:
	MOVD	$·ringHead(SB), R2
advance:
	LDAXR	(R2), R1
	ADD	$1, R1, R3
	STLXR	R3, (R2), R4
	CBNZ	R4, advance
	AND	$16383, R1		// ringSize-1
	MOVD	$·ring(SB), R0
claim:
	MOVD	$SLOT_SIZE, R2
	MADD	R2, R0, R1, R0		// R0 = R0 + R1*R2
	MOVW	$1, R3			// slotClaimed
attempt:
	LDAXRW	(R0), R2
	CBNZW	R2, taken		// not slotFree
	STLXRW	R3, (R0), R4
	CBNZW	R4, attempt
	ADD	$SLOT_RAW, R0, R1
	MOVD	R19, R2
	MOVD	$8, R3
copy:
	LDP.P	16(R2), (R4, R5)
	STP.P	(R4, R5), 16(R1)
	SUBS	$1, R3
	BNE	copy
	MOVW	$2, R3			// slotReady
	STLRW	R3, (R0)
	RET
taken:
	CLREX
	CMP	$32, R20
	BLT	coalesced
	MOVD	$·lost(SB), R2
count:
	LDAXR	(R2), R1
	ADD	$1, R1
	STLXR	R1, (R2), R4
	CBNZ	R4, count
coalesced:
	RET

// bound has the guard leave further signals 32, 33 and 34 to the catcher once it has
// filled its part of the ring. Clobbers R1 and R2.
TEXT bound<>(SB), NOSPLIT|NOFRAME, $0
	MOVD	$·ringHead(SB), R1
	MOVD	(R1), R1
	CMP	$RING_GUARD, R1
	BLT	room
	MOVD	$·guardSet(SB), R1
	MOVD	(R1), R2
	AND	$0x7fffffff, R2
	MOVD	R2, (R1)
room:
	RET

// The entry point of the process: -ldflags=-E=_supervise_entry. At RSP lie argc, argv
// and all the rest that the runtime will read; R0 is 0 and must be so again.
TEXT _supervise_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	RSP, R0
	MOVD	$·stack(SB), R1
	MOVD	R0, (R1)
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$0, R0			// SIG_BLOCK
	MOVD	$everything<>(SB), R1
	MOVD	$·mask(SB), R2
	MOVD	$8, R3
	SVC

	MOVD	$1, R20			// which of the 64 are ignored?
disposition:
	MOVD	$SYS_rt_sigaction, R8
	MOVD	R20, R0
	MOVD	$0, R1
	MOVD	$scratch<>(SB), R2
	MOVD	$8, R3
	SVC
	MOVD	$scratch<>(SB), R2
	MOVD	(R2), R3
	CMP	$1, R3			// SIG_IGN
	BNE	next
	SUB	$1, R20, R4
	MOVD	$1, R5
	LSL	R4, R5, R5
	MOVD	$·ignored(SB), R2
	MOVD	(R2), R3
	ORR	R5, R3
	MOVD	R3, (R2)
next:
	ADD	$1, R20
	CMP	$64, R20
	BLE	disposition

	MOVD	$SYS_prlimit64, R8
	MOVD	$0, R0
	MOVD	$7, R1			// RLIMIT_NOFILE
	MOVD	$0, R2
	MOVD	$·noFile(SB), R3
	SVC

	MOVD	$SYS_getpid, R8
	SVC
	MOVD	$·selfPID(SB), R1
	MOVW	R0, (R1)

	// The runtime never touches the handlers of 32 and 34 but to give them its
	// signal stack, so that these two are safe from here on.
	MOVD	$scratch<>(SB), R1
	MOVD	$·catcher(SB), R2
	MOVD	R2, 0(R1)
	MOVD	$0x18000004, R2		// SA_SIGINFO|SA_ONSTACK|SA_RESTART
	MOVD	R2, 8(R1)
	MOVD	$0, 16(R1)		// restorer: the vdso has one
	MOVD	$-1, R2
	MOVD	R2, 24(R1)
	MOVD	$32, R20
catch:
	MOVD	$SYS_rt_sigaction, R8
	MOVD	R20, R0
	MOVD	$scratch<>(SB), R1
	MOVD	$0, R2
	MOVD	$8, R3
	SVC
	ADD	$2, R20
	CMP	$34, R20
	BLE	catch

	// Take what was pending at exec, as long as there is room.
pending:
	MOVD	$SYS_rt_sigtimedwait, R8
	MOVD	$·guardSet(SB), R0
	MOVD	$scratch<>(SB), R1
	MOVD	$zero<>(SB), R2
	MOVD	$8, R3
	SVC
	CMP	$0, R0
	BLE	drained
	MOVD	R0, R20
	MOVD	$scratch<>(SB), R19
	BL	keep<>(SB)
	BL	bound<>(SB)
	B	pending
drained:

	// From here on the runtime runs on a second thread, which takes over this stack;
	// without one, on this thread and unguarded.
	MOVD	$·entered(SB), R1
	MOVW	$1, R2
	MOVW	R2, (R1)
	MOVD	$SYS_clone, R8
	MOVD	$CLONE_FLAGS, R0
	MOVD	RSP, R1
	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$0, R4
	SVC
	CMP	$0, R0
	BGT	guard
	BLT	run
behind:
	MOVD	$·guarding(SB), R1	// not before the guard has taken its place
	LDARW	(R1), R1
	CBNZW	R1, run
	MOVD	$SYS_sched_yield, R8
	SVC
	B	behind
run:
	MOVD	$0, R0
	B	_rt0_arm64_linux(SB)

	// The first thread: keep what the second would die of. It uses no stack.
guard:
	MOVD	$·guarding(SB), R1
	MOVW	$1, R2
	STLRW	R2, (R1)
wait:
	MOVD	$SYS_rt_sigtimedwait, R8
	MOVD	$·guardSet(SB), R0
	MOVD	$scratch<>(SB), R1
	MOVD	$0, R2
	MOVD	$8, R3
	SVC
	CMP	$0, R0
	BLE	asked
	MOVD	R0, R20
	MOVD	$scratch<>(SB), R19
	BL	keep<>(SB)
	BL	bound<>(SB)
	MOVD	$·intakeTID(SB), R1
	MOVW	(R1), R1
	CBZW	R1, asked
	MOVD	$·selfPID(SB), R0
	MOVW	(R0), R0
	MOVD	$17, R2			// SIGCHLD
	MOVD	$SYS_tgkill, R8
	SVC
asked:
	MOVD	$·retired(SB), R1
	LDARW	(R1), R1
	CBZW	R1, wait
rest:
	MOVD	$0, R0			// nothing, with everything blocked: for ever
	MOVD	$0, R1
	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$SYS_ppoll, R8
	SVC
	B	rest

// The catcher: a SA_SIGINFO handler. R0 = signal, R1 = *siginfo_t, R2 = *ucontext, on
// the runtime's signal stack; R30 leads to the vdso's rt_sigreturn, which restores every
// register, so all may be used.
TEXT ·catcher(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVW	SI_CODE(R1), R3
	MOVD	$·selfPID(SB), R4
	MOVW	(R4), R4
	CMNW	$6, R3			// SI_TKILL
	BNE	foreign
	MOVW	SI_PID(R1), R5
	CMPW	R4, R5
	BEQ	chain			// the runtime to one of its threads
foreign:
	CMPW	$0, R3
	BLE	ours			// somebody sent it
	CMPW	$31, R0
	BHI	ours
	MOVD	$FAULTS, R5
	LSR	R0, R5, R5
	TBNZ	$0, R5, chain		// a real fault
ours:
	MOVD	R1, R19
	MOVD	R2, R21
	MOVWU	R0, R20
	MOVD	R4, R22
	MOVD	R30, R23
	MOVD	$SYS_getpid, R8		// a vfork child runs in our memory
	SVC
	CMPW	R22, R0
	BNE	out
	MOVD	$SYS_gettid, R8
	SVC
	MOVD	$·intakeTID(SB), R1
	MOVW	(R1), R24
	CMPW	R24, R0
	BEQ	stay
	MOVD	$·quietMask(SB), R1
	MOVD	(R1), R1
	MOVD	UC_SIGMASK(R21), R2
	ORR	R1, R2
	MOVD	R2, UC_SIGMASK(R21)	// this thread has caught its last
stay:
	BL	keep<>(SB)
	CBZW	R24, out
	MOVD	R22, R0
	MOVD	R24, R1
	MOVD	$17, R2			// SIGCHLD, a hint that costs nothing when spurious
	MOVD	$SYS_tgkill, R8
	SVC
out:
	MOVD	R23, R30
	RET
chain:
	MOVWU	R0, R3
	MOVD	$·goHandler(SB), R4
	MOVD	(R4)(R3<<3), R4
	CMP	$1, R4
	BLS	none			// SIG_DFL, SIG_IGN: the runtime has none
	JMP	(R4)
none:
	RET

// Addresses are taken here, as a Go func value's would be that of a wrapper.
TEXT ·catcherPC(SB), NOSPLIT, $0-8
	MOVD	$·catcher(SB), R0
	MOVD	R0, ret+0(FP)
	RET

TEXT ·restorerPC(SB), NOSPLIT, $0-8
	MOVD	ZR, ret+0(FP)
	RET

// func rawSyscall(nr, a1, a2, a3, a4 uintptr) uintptr
TEXT ·rawSyscall(SB), NOSPLIT, $0-48
	MOVD	nr+0(FP), R8
	MOVD	a1+8(FP), R0
	MOVD	a2+16(FP), R1
	MOVD	a3+24(FP), R2
	MOVD	a4+32(FP), R3
	SVC
	MOVD	R0, ret+40(FP)
	RET
