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
#ifdef GOAMD64_v1			// others cannot be told to do without
DATA	debug<>+25(SB)/8, $",cpu.sse"
DATA	debug<>+33(SB)/6, $"42=off"
#endif
GLOBL	debug<>(SB), NOPTR|RODATA, $40

// The last step before the runtime starts: see Variables in boot.go. The contents of the
// stack are copied below themselves, with GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1,... as the
// first variables of the environment, without those that are set already. If both are, or
// the environment is too large, nothing is done.
TEXT ·setVariables(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ	SP, SI
	MOVQ	(SI), CX		// argc
	LEAQ	16(SI)(CX*8), BX	// the environment, behind a null pointer
	MOVQ	BX, DI
	MOVQ	processors<>+0(SB), DX
	MOVL	processors<>+7(SB), R8	// "OCS="
	MOVQ	debug<>+0(SB), R11
	MOVL	$const_bothSet, R10	// those that are ours to set
variable:
	MOVQ	(DI), AX
	ADDQ	$8, DI
	TESTQ	AX, AX
	JZ	auxiliary
	CMPQ	(AX), R11		// behind the last string lie eight bytes more: fs/exec.c
	JEQ	debugging
	CMPQ	(AX), DX
	JNE	variable
	CMPL	7(AX), R8
	JNE	variable
	ANDL	$~const_processorsSet, R10
	JMP	variable
debugging:
	ANDL	$~const_debugSet, R10
	JMP	variable
auxiliary:				// pairs, up to the one of type AT_NULL
	MOVQ	(DI), AX
	ADDQ	$16, DI
	TESTQ	AX, AX
	JNZ	auxiliary

	TESTL	R10, R10
	JZ	begin
	MOVQ	SI, R9
	SUBQ	DI, R9
	CMPQ	R9, $-most
	JLT	begin
	LEAQ	-16(R9)(SI*1), R9	// room for both
	ANDQ	$~15, R9
	MOVQ	R9, SP
copy:
	CMPQ	SI, BX
	JNE	word
	LEAQ	processors<>(SB), AX
	MOVQ	AX, (R9)
	BTL	$0, R10
	JCC	second
	ADDQ	$8, R9
second:
	LEAQ	debug<>(SB), AX
	MOVQ	AX, (R9)
	BTL	$1, R10
	JCC	word
	ADDQ	$8, R9
word:
	MOVQ	(SI), AX
	MOVQ	AX, (R9)
	ADDQ	$8, SI
	ADDQ	$8, R9
	CMPQ	SI, DI
	JNE	copy
	MOVL	R10, ·variablesSet(SB)
begin:
	JMP	_rt0_amd64_linux(SB)
