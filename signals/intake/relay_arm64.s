//go:build linux

#include "textflag.h"

#define SYS_rt_sigtimedwait	137

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
	MOVD	r+0(FP), R19
again:
	MOVD	$0, R2
	MOVD	LIMITED(R19), R4
	CBZ	R4, wait
	ADD	$TIMEOUT, R19, R2
wait:
	MOVD	$SYS_rt_sigtimedwait, R8
	ADD	$SET, R19, R0
	ADD	$INFO, R19, R1
	MOVD	$8, R3
	SVC
	CMP	$0, R0
	BLE	out
	MOVD	CALL(R19), R20
	CBZ	R20, out
	SUB	$1, R0, R4
	MOVD	FORWARD(R19), R5
	LSR	R4, R5, R5
	TBZ	$0, R5, out
	MOVW	PID(R19), R4
	MOVD	SELF(R19), R5
	CMP	R4, R5
	BEQ	out

	// As signals.Info.Forwardable, for the simple codes.
	MOVW	CODE(R19), R4
	CMPW	$0, R4
	BGT	out
	BEQ	user
	CMNW	$6, R4			// SI_TKILL
	BEQ	out
	B	send
user:
	MOVW	$-1, R4			// SI_QUEUE
	MOVW	R4, CODE(R19)
send:
	MOVD	R0, R21
	ADD	$REWRITE, R19, R4
	MOVBU	(R4)(R0), R1
	MOVW	R1, INFO(R19)		// pidfd_send_signal wants it there, too
	MOVD	TARGET(R19), R0
	ADD	$INFO, R19, R2
	MOVD	FLAGS(R19), R3
	MOVD	R20, R8
	SVC
	MOVW	R21, INFO(R19)
	CBNZ	R0, refused
	MOVD	FORWARDED(R19), R4
	ADD	$1, R4
	MOVD	R4, FORWARDED(R19)
	LDP	INFO(R19), (R4, R5)
	LDP	(INFO+16)(R19), (R6, R7)
	STP	(R4, R5), LAST(R19)
	STP	(R6, R7), (LAST+16)(R19)
	MOVD	LIMITED(R19), R4
	CBZ	R4, again
	MOVD	$0, R0			// so that no deadline is missed
	B	out
refused:
	MOVD	R21, R0
out:
	MOVD	R0, ret+8(FP)
	RET
