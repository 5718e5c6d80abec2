//go:build linux

#include "textflag.h"

#define SYS_rt_sigprocmask	14
#define SYS_clone		56
#define SYS_exit_group		231
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
	MOVQ	p+0(FP), R13
	MOVQ	$-1, ALL(R13)
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$2, DI			// SIG_SETMASK
	LEAQ	ALL(R13), SI
	LEAQ	MASK(R13), DX
	MOVL	$8, R10
	SYSCALL

	MOVQ	CLONE(R13), DI
	TESTQ	DI, DI
	JZ	plain
	MOVL	$SYS_clone3, AX
	MOVQ	CLONE_SIZE(R13), SI
	SYSCALL
	JMP	cloned
plain:
	MOVL	$SYS_clone, AX
	MOVQ	FLAGS(R13), DI
	MOVL	$0, SI			// keep the stack
	MOVQ	PARENT_TID(R13), DX
	MOVL	$0, R10
	MOVL	$0, R8
	SYSCALL
cloned:
	TESTQ	AX, AX
	JZ	child
	MOVQ	AX, BX
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$2, DI			// SIG_SETMASK
	LEAQ	MASK(R13), SI
	MOVL	$0, DX
	MOVL	$8, R10
	SYSCALL
	MOVQ	BX, ret+8(FP)
	RET

child:
	MOVQ	STEPS(R13), BX
	XORL	R15, R15
next:
	CMPQ	R15, COUNT(R13)
	JGE	die
	MOVQ	R15, CURRENT(R13)
	MOVQ	NUMBER(BX), AX
	MOVQ	(ARGS+0)(BX), DI
	MOVQ	(ARGS+8)(BX), SI
	MOVQ	(ARGS+16)(BX), DX
	MOVQ	(ARGS+24)(BX), R10
	MOVQ	(ARGS+32)(BX), R8
	MOVQ	(ARGS+40)(BX), R9
	SYSCALL
	CMPQ	AX, $0xfffffffffffff001
	JCC	failed
	MOVQ	RESULT(BX), CX
	TESTQ	CX, CX
	JZ	done
	MOVQ	AX, (CX)
done:
	ADDQ	$STEP_SIZE, BX
	INCQ	R15
	JMP	next
failed:
	CMPQ	OPTIONAL(BX), $0
	JNE	done
	NEGQ	AX
	MOVQ	AX, ERRNO(R13)
	MOVQ	R15, FAILED(R13)
die:
	MOVL	$SYS_exit_group, AX
	MOVL	$127, DI
	SYSCALL
	INT	$3
