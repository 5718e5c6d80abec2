//go:build linux

#include "textflag.h"

#define SYS_rt_sigtimedwait	128
#define SI_TKILL		-6
#define SI_QUEUE		-1

// Offsets in type relay.
#define SET	0
#define TIMEOUT	8
#define LIMITED	24
#define TARGET	32
#define FORWARD	40
#define SELF	48
#define FORWARDED	56
#define INFO	64
#define CODE	(64+8)
#define PID	(64+16)
#define LAST	192
#define CALL	224
#define FLAGS	232
#define REWRITE	240

// func relayWait(r *relay) int64
TEXT ·relayWait(SB), NOSPLIT, $0-16
	MOVQ	r+0(FP), R12
again:
	XORL	DX, DX
	CMPQ	LIMITED(R12), $0
	JEQ	wait
	LEAQ	TIMEOUT(R12), DX
wait:
	MOVL	$SYS_rt_sigtimedwait, AX
	LEAQ	SET(R12), DI
	LEAQ	INFO(R12), SI
	MOVL	$8, R10
	SYSCALL
	TESTQ	AX, AX
	JLE	out
	CMPQ	CALL(R12), $0
	JEQ	out
	LEAQ	-1(AX), CX
	MOVQ	FORWARD(R12), BX
	BTQ	CX, BX
	JCC	out
	MOVLQSX	PID(R12), CX
	CMPQ	CX, SELF(R12)
	JEQ	out

	// As signals.Info.Forwardable, for the simple codes.
	MOVL	CODE(R12), CX
	CMPL	CX, $0
	JGT	out
	JEQ	user
	CMPL	CX, $SI_TKILL
	JEQ	out
	JMP	send
user:
	MOVL	$SI_QUEUE, CODE(R12)
send:
	MOVQ	AX, R13
	MOVBQZX	REWRITE(R12)(AX*1), SI
	MOVL	SI, INFO(R12)		// pidfd_send_signal wants it there, too
	MOVQ	TARGET(R12), DI
	LEAQ	INFO(R12), DX
	MOVQ	FLAGS(R12), R10
	MOVQ	CALL(R12), AX
	SYSCALL
	MOVL	R13, INFO(R12)
	TESTQ	AX, AX
	JNZ	refused
	INCQ	FORWARDED(R12)
	MOVOU	INFO(R12), X0
	MOVOU	(INFO+16)(R12), X1
	MOVOU	X0, LAST(R12)
	MOVOU	X1, (LAST+16)(R12)
	CMPQ	LIMITED(R12), $0
	JEQ	again
	XORL	AX, AX			// so that no deadline is missed
	JMP	out
refused:
	MOVQ	R13, AX
out:
	MOVQ	AX, ret+8(FP)
	RET
