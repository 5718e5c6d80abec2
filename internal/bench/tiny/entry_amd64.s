//go:build linux

#include "textflag.h"

// System calls: asm/unistd_64.h.
#define SYS_write		1
#define SYS_getpid		39
#define SYS_clock_gettime	228
#define SYS_exit_group		231
#define SYS_openat		257
#define SYS_ppoll		271

#define CLOCK_MONOTONIC	1
#define AT_FDCWD	-100
#define O_WRONLY	1

DATA	announce<>+0(SB)/8, $"../annou"
DATA	announce<>+8(SB)/8, $"nce\x00\x00\x00\x00\x00"
GLOBL	announce<>(SB), RODATA, $16

// The stack holds argc, argv[0], argv[1], ... as execve(2) leaves it.
TEXT _tiny_entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ	SP, R12
	SUBQ	$32, SP
	MOVQ	$CLOCK_MONOTONIC, DI
	MOVQ	SP, SI
	MOVQ	$SYS_clock_gettime, AX
	SYSCALL
	MOVQ	$SYS_getpid, AX
	SYSCALL
	MOVQ	AX, 16(SP)
	LEAQ	announce<>(SB), SI
	CMPQ	0(R12), $1
	JLE	open
	MOVQ	16(R12), AX
	CMPB	0(AX), $0x2f	// a path from the root
	JNE	open
	MOVQ	AX, SI
open:
	MOVQ	$AT_FDCWD, DI
	MOVQ	$O_WRONLY, DX
	XORL	R10, R10
	MOVQ	$SYS_openat, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	fail
	MOVQ	AX, DI
	MOVQ	SP, SI
	MOVQ	$24, DX
	MOVQ	$SYS_write, AX
	SYSCALL
sleep:
	XORL	DI, DI
	XORL	SI, SI
	XORL	DX, DX
	XORL	R10, R10
	MOVQ	$SYS_ppoll, AX
	SYSCALL
	JMP	sleep
fail:
	MOVQ	$1, DI
	MOVQ	$SYS_exit_group, AX
	SYSCALL
	INT	$3
