//go:build linux

#include "textflag.h"

#define SYS_exit_group		94
#define SYS_rt_sigprocmask	135
#define SYS_clone		220
#define SYS_clone3		435

// Offsets in type program.
#define CLONE		0
#define CLONE_SIZE	8
#define FLAGS		16
#define PARENT_TID	24
#define STEPS		32
#define COUNT		40
#define ERRNO		48
#define FAILED		56
#define CURRENT		64
#define MASK		72
#define ALL		80

// Offsets in type step.
#define NUMBER		0
#define ARGS		8
#define RESULT		56
#define OPTIONAL	64
#define STEP_SIZE	72

// func vfork(p *program) int
//
// The child shares this thread's stack while the thread is stopped, and leaves it as it
// is: it works in registers alone and ends in execve or exit_group.
TEXT ·vfork(SB), NOSPLIT, $0-16
	MOVD	p+0(FP), R19
	MOVD	$-1, R0
	MOVD	R0, ALL(R19)
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$2, R0			// SIG_SETMASK
	ADD	$ALL, R19, R1
	ADD	$MASK, R19, R2
	MOVD	$8, R3
	SVC

	MOVD	CLONE(R19), R0
	CBZ	R0, plain
	MOVD	$SYS_clone3, R8
	MOVD	CLONE_SIZE(R19), R1
	SVC
	B	cloned
plain:
	MOVD	$SYS_clone, R8
	MOVD	FLAGS(R19), R0
	MOVD	$0, R1			// keep the stack
	MOVD	PARENT_TID(R19), R2
	MOVD	$0, R3
	MOVD	$0, R4
	SVC
cloned:
	CBZ	R0, child
	MOVD	R0, R20
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$2, R0			// SIG_SETMASK
	ADD	$MASK, R19, R1
	MOVD	$0, R2
	MOVD	$8, R3
	SVC
	MOVD	R20, ret+8(FP)
	RET

child:
	MOVD	STEPS(R19), R20
	MOVD	COUNT(R19), R21
	MOVD	$0, R22
next:
	CMP	R21, R22
	BGE	die
	MOVD	R22, CURRENT(R19)
	MOVD	NUMBER(R20), R8
	LDP	(ARGS+0)(R20), (R0, R1)
	LDP	(ARGS+16)(R20), (R2, R3)
	LDP	(ARGS+32)(R20), (R4, R5)
	SVC
	CMN	$4095, R0
	BCS	failed
	MOVD	RESULT(R20), R6
	CBZ	R6, done
	MOVD	R0, (R6)
done:
	ADD	$STEP_SIZE, R20
	ADD	$1, R22
	B	next
failed:
	MOVD	OPTIONAL(R20), R6
	CBNZ	R6, done
	NEG	R0, R0
	MOVD	R0, ERRNO(R19)
	MOVD	R22, FAILED(R19)
die:
	MOVD	$SYS_exit_group, R8
	MOVD	$127, R0
	SVC
	BRK
