//go:build linux && !cgo

#include "go_asm.h"
#include "textflag.h"

#define SYS_rt_sigprocmask	135	// asm-generic/unistd.h

// The entry point of the process: -ldflags=-E=_supervise_entry. At RSP are argc, argv and
// everything else; the stack below is free.
TEXT _supervise_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	$·memory+(const_pageSize-1)(SB), R19
	AND	$~(const_pageSize-1), R19, R19
	MOVD	RSP, R20
	MOVD	R20, nucleus_stack(R19)
	MOVD	$-1, R1
	MOVD	R1, nucleus_mask(R19)
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$0, R0			// SIG_BLOCK
	ADD	$nucleus_mask, R19, R1
	MOVD	R1, R2
	MOVD	$8, R3
	SVC

	BL	·becomeGo(SB)
	SUB	$16, RSP
	MOVD	R19, 8(RSP)
	CALL	·start(SB)
	MOVD	8(RSP), R19
	MOVD	nucleus_stack(R19), R20
	MOVD	R20, RSP
	B	supervise∕signals∕intake∕boot·begin(SB)

// func instead()
TEXT ·instead(SB), NOSPLIT|NOFRAME, $0
	MOVD	$·memory+(const_pageSize-1)(SB), R19
	AND	$~(const_pageSize-1), R19, R19
	MOVD	$-1, R1
	MOVD	R1, nucleus_thread(R19)
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$0, R0			// SIG_BLOCK
	ADD	$nucleus_thread, R19, R1
	MOVD	$0, R2
	MOVD	$8, R3
	SVC
	MOVD	$(nucleus_stackAlone+const_aloneSize), R20
	ADD	R19, R20, R20
	AND	$~15, R20, R20
	MOVD	R20, RSP
	BL	·becomeGo(SB)
	SUB	$16, RSP
	MOVD	R19, 8(RSP)
	CALL	·goOn(SB)
	UNDEF

// becomeGo makes this thread run compiled Go code on the stack below RSP, given where the nucleus
// is in R19.
TEXT ·becomeGo(SB), NOSPLIT|NOFRAME, $0
	ADD	$nucleus_g, R19, g
	MOVD	RSP, R20
	SUB	$const_stackSize, R20, R21
	MOVD	R21, 0(g)		// stack.lo
	MOVD	R20, 8(g)		// stack.hi
	MOVD	R21, 16(g)		// stackguard0
	MOVD	R21, 24(g)		// stackguard1
	RET
