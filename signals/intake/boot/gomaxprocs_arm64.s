//go:build linux && !cgo

#include "textflag.h"

// The most bytes that are copied: the stack may be small.
#define most	(16<<10)

DATA	oneProcessor<>+0(SB)/8, $"GOMAXPRO"
DATA	oneProcessor<>+8(SB)/4, $"CS=1"
GLOBL	oneProcessor<>(SB), NOPTR|RODATA, $16

// The last step before the runtime starts: see GOMAXPROCSSet in boot.go. The contents of the
// stack are copied below themselves, with GOMAXPROCS=1 as the first variable of the
// environment, unless the variable is set already or the environment is too large.
TEXT ·setGOMAXPROCS(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	RSP, R1
	MOVD	(R1), R2		// argc
	ADD	R2<<3, R1, R3
	ADD	$16, R3			// the environment, behind a null pointer
	MOVD	R3, R4
	MOVD	$oneProcessor<>(SB), R5
	MOVD	(R5), R6
	MOVWU	7(R5), R7		// "OCS="
variable:
	MOVD.P	8(R4), R8
	CBZ	R8, auxiliary
	MOVD	(R8), R9		// behind the last string lie eight bytes more: fs/exec.c
	CMP	R6, R9
	BNE	variable
	MOVWU	7(R8), R9
	CMP	R7, R9
	BNE	variable
	B	begin
auxiliary:				// pairs, up to the one of type AT_NULL
	MOVD.P	16(R4), R8
	CBNZ	R8, auxiliary

	SUB	R4, R1, R9
	CMN	$most, R9
	BLT	begin
	ADD	R1, R9
	SUB	$8, R9
	AND	$~15, R9
	MOVD	R9, RSP
copy:
	CMP	R1, R3
	BNE	word
	MOVD.P	R5, 8(R9)
word:
	MOVD.P	8(R1), R8
	MOVD.P	R8, 8(R9)
	CMP	R1, R4
	BNE	copy
	MOVD	$·gomaxprocsSet(SB), R1
	MOVW	$1, R2
	MOVW	R2, (R1)
begin:
	MOVD	$0, R0
	B	_rt0_arm64_linux(SB)
