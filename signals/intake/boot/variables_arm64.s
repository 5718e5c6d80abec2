//go:build linux && !cgo

#include "go_asm.h"
#include "textflag.h"

// The most bytes that are copied: the stack may be small.
#define most	(16<<10)

DATA	processors<>+0(SB)/8, $"GOMAXPRO"
DATA	processors<>+8(SB)/4, $"CS=1"
GLOBL	processors<>(SB), NOPTR|RODATA, $16

DATA	debug<>+0(SB)/8, $"GODEBUG="
DATA	debug<>+8(SB)/8, $"asyncpre"
DATA	debug<>+16(SB)/8, $"emptoff="
DATA	debug<>+24(SB)/1, $"1"
GLOBL	debug<>(SB), NOPTR|RODATA, $32

// The last step before the runtime starts: see Variables in boot.go. The contents of the
// stack are copied below themselves, with GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1 as the
// first variables of the environment, without those that are set already. If both are, or
// the environment is too large, nothing is done.
TEXT ·setVariables(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	RSP, R1
	MOVD	(R1), R2		// argc
	ADD	R2<<3, R1, R3
	ADD	$16, R3			// the environment, behind a null pointer
	MOVD	R3, R4
	MOVD	$processors<>(SB), R5
	MOVD	(R5), R6
	MOVWU	7(R5), R7		// "OCS="
	MOVD	$debug<>(SB), R10
	MOVD	(R10), R11
	MOVD	$const_bothSet, R12	// those that are ours to set
variable:
	MOVD.P	8(R4), R8
	CBZ	R8, auxiliary
	MOVD	(R8), R9		// behind the last string lie eight bytes more: fs/exec.c
	CMP	R11, R9
	BEQ	debugging
	CMP	R6, R9
	BNE	variable
	MOVWU	7(R8), R9
	CMP	R7, R9
	BNE	variable
	AND	$~const_processorsSet, R12
	B	variable
debugging:
	AND	$~const_debugSet, R12
	B	variable
auxiliary:				// pairs, up to the one of type AT_NULL
	MOVD.P	16(R4), R8
	CBNZ	R8, auxiliary

	CBZ	R12, begin
	SUB	R4, R1, R9
	CMN	$most, R9
	BLT	begin
	ADD	R1, R9
	SUB	$16, R9			// room for both
	AND	$~15, R9
	MOVD	R9, RSP
copy:
	CMP	R1, R3
	BNE	word
	TBZ	$0, R12, second
	MOVD.P	R5, 8(R9)
second:
	TBZ	$1, R12, word
	MOVD.P	R10, 8(R9)
word:
	MOVD.P	8(R1), R8
	MOVD.P	R8, 8(R9)
	CMP	R1, R4
	BNE	copy
	MOVD	$·variablesSet(SB), R1
	MOVW	R12, (R1)
begin:
	MOVD	$0, R0
	B	_rt0_arm64_linux(SB)
