//go:build linux

#include "textflag.h"

// System calls: asm-generic/unistd.h.
#define SYS_openat		56
#define SYS_write		64
#define SYS_ppoll		73
#define SYS_exit_group		94
#define SYS_clock_gettime	113
#define SYS_getpid		172

#define CLOCK_MONOTONIC	1
#define AT_FDCWD	-100
#define O_WRONLY	1

DATA	announce<>+0(SB)/8, $"../annou"
DATA	announce<>+8(SB)/8, $"nce\x00\x00\x00\x00\x00"
GLOBL	announce<>(SB), RODATA, $16

// The stack holds argc, argv[0], argv[1], ... as execve(2) leaves it.
TEXT _tiny_entry(SB), NOSPLIT|NOFRAME, $0
	MOVD	RSP, R19
	SUB	$32, RSP
	MOVD	RSP, R20
	MOVD	$CLOCK_MONOTONIC, R0
	MOVD	R20, R1
	MOVD	$SYS_clock_gettime, R8
	SVC
	MOVD	$SYS_getpid, R8
	SVC
	MOVD	R0, 16(R20)
	MOVD	$announce<>(SB), R1
	MOVD	0(R19), R2
	CMP	$1, R2
	BLE	open
	MOVD	16(R19), R2
	MOVBU	(R2), R3
	CMP	$0x2f, R3	// a path from the root
	BNE	open
	MOVD	R2, R1
open:
	MOVD	$AT_FDCWD, R0
	MOVD	$O_WRONLY, R2
	MOVD	$0, R3
	MOVD	$SYS_openat, R8
	SVC
	CMP	$0, R0
	BLT	fail
	MOVD	R20, R1
	MOVD	$24, R2
	MOVD	$SYS_write, R8
	SVC
sleep:
	MOVD	$0, R0
	MOVD	$0, R1
	MOVD	$0, R2
	MOVD	$0, R3
	MOVD	$SYS_ppoll, R8
	SVC
	B	sleep
fail:
	MOVD	$1, R0
	MOVD	$SYS_exit_group, R8
	SVC
	BRK
