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
	MOVQ	SP, SI
	MOVQ	(SI), CX		// argc
	LEAQ	16(SI)(CX*8), BX	// the environment, behind a null pointer
	MOVQ	BX, DI
	MOVQ	oneProcessor<>+0(SB), DX
	MOVL	oneProcessor<>+7(SB), R8	// "OCS="
variable:
	MOVQ	(DI), AX
	ADDQ	$8, DI
	TESTQ	AX, AX
	JZ	auxiliary
	CMPQ	(AX), DX		// behind the last string lie eight bytes more: fs/exec.c
	JNE	variable
	CMPL	7(AX), R8
	JNE	variable
	JMP	begin
auxiliary:				// pairs, up to the one of type AT_NULL
	MOVQ	(DI), AX
	ADDQ	$16, DI
	TESTQ	AX, AX
	JNZ	auxiliary

	MOVQ	SI, R9
	SUBQ	DI, R9
	CMPQ	R9, $-most
	JLT	begin
	LEAQ	-8(R9)(SI*1), R9
	ANDQ	$~15, R9
	MOVQ	R9, SP
copy:
	CMPQ	SI, BX
	JNE	word
	LEAQ	oneProcessor<>(SB), AX
	MOVQ	AX, (R9)
	ADDQ	$8, R9
word:
	MOVQ	(SI), AX
	MOVQ	AX, (R9)
	ADDQ	$8, SI
	ADDQ	$8, R9
	CMPQ	SI, DI
	JNE	copy
	MOVL	$1, ·gomaxprocsSet(SB)
begin:
	JMP	_rt0_amd64_linux(SB)
