//go:build linux

#include "go_asm.h"
#include "textflag.h"

// System calls: asm-generic/unistd.h.
#define SYS_tgkill		131
#define SYS_rt_sigaction	134
#define SYS_getpid		172
#define SYS_gettid		178

#define SI_CODE		8		// offsets in siginfo_t
#define SI_PID		16
#define UC_SIGMASK	40		// offset in struct ucontext: asm/ucontext.h
#define SLOT_SIZE	136		// of type slot: state, padding, siginfo_t
#define SLOT_RAW	8
#define FAULTS		0x800009b0	// 1<<signal for ILL, TRAP, BUS, FPE, SEGV, SYS

// keep copies the siginfo_t at R19 of signal R20 into its slot, unless that is in use.
// Clobbers R0-R7. Called with BL; returns to R30.
TEXT ·keep(SB), NOSPLIT|NOFRAME, $0
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
	AND	$(const_ringSize-1), R1
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
	BLE	ours			// sent by a process
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
	MOVD	$·threadMask(SB), R1
	MOVD	(R1), R1
	MOVD	UC_SIGMASK(R21), R2
	ORR	R1, R2
	MOVD	R2, UC_SIGMASK(R21)	// this thread has caught its last
stay:
	BL	·keep(SB)
	MOVD	$SYS_gettid, R8
	SVC
	CMPW	R22, R0
	BEQ	first
	MOVD	$·caught(SB), R2
again:
	LDAXR	(R2), R1
	ADD	$1, R1
	STLXR	R1, (R2), R4
	CBNZ	R4, again
first:
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

// The observer, also a SA_SIGINFO handler, notes signal and si_code for Observed before the
// runtime's handler runs.
TEXT ·observer(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVWU	R0, R3
	MOVWU	SI_CODE(R1), R4
	ORR	R3<<32, R4
	MOVD	$·observedHead(SB), R5
place:
	LDAXR	(R5), R6
	ADD	$1, R6, R7
	STLXR	R7, (R5), R8
	CBNZ	R8, place
	AND	$(const_observedSize-1), R6
	MOVD	$·observed(SB), R5
	ADD	R6<<3, R5
	STLR	R4, (R5)
	MOVD	$·goHandler(SB), R5
	MOVD	(R5)(R3<<3), R5
	JMP	(R5)

// In assembly, as a Go func value would have the address of a wrapper.
TEXT ·catcherPC(SB), NOSPLIT, $0-8
	MOVD	$·catcher(SB), R0
	MOVD	R0, ret+0(FP)
	RET

TEXT ·observerPC(SB), NOSPLIT, $0-8
	MOVD	$·observer(SB), R0
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
