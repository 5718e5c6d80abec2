#include "textflag.h"

// These functions are never called here: their instructions are copied into an ELF file, at
// the addresses of the constants in image.go. They refer to nothing of this program, and to
// each other by those addresses. Behind each stands a mark, by which its end is found.

#define SERVE 0x400200
#define NOTE 0x400300

// Two instructions that do not occur: UD2, four times.
#define END LONG $0x0b0f0b0f; LONG $0x0b0f0b0f

// The channel is in R12 for the whole life of a thread. The first character of the first
// argument names it: "3" is file descriptor 3.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	MOVQ 8(SP), AX
	MOVBQZX (AX), R12
	SUBQ $48, R12
	SUBQ $256, SP
	ANDQ $~15, SP
	MOVQ $SERVE, AX
	CALL AX
	XORL DI, DI
	MOVL $231, AX // exit_group
	SYSCALL
	END

// A request is eight words: the number of a system call, six arguments, and the channel that
// whoever gets 0 from it serves from then on: the child of a fork. The number -1 ends it.
TEXT ·serve(SB), NOSPLIT|NOFRAME, $0
	SUBQ $72, SP
next:
	XORL AX, AX // read
	MOVQ R12, DI
	MOVQ SP, SI
	MOVL $64, DX
	SYSCALL
	CMPQ AX, $-4 // EINTR
	JEQ next
	CMPQ AX, $64
	JNE gone
	MOVQ 0(SP), AX
	CMPQ AX, $-1
	JEQ done
	MOVQ 8(SP), DI
	MOVQ 16(SP), SI
	MOVQ 24(SP), DX
	MOVQ 32(SP), R10
	MOVQ 40(SP), R8
	MOVQ 48(SP), R9
	MOVQ 56(SP), R13
	SYSCALL
	TESTQ AX, AX
	JNE answer
	TESTQ R13, R13
	JEQ answer
	MOVQ R13, R12
answer:
	MOVQ AX, 0(SP)
write:
	MOVL $1, AX // write
	MOVQ R12, DI
	MOVQ SP, SI
	MOVL $8, DX
	SYSCALL
	CMPQ AX, $-4
	JEQ write
	JMP next
gone:
	MOVL $1, DI
	MOVL $231, AX // exit_group
	SYSCALL
done:
	ADDQ $72, SP
	RET
	END

// The log is file descriptor 1. A record is pid, tid, signal, and siginfo_t.
TEXT ·note(SB), NOSPLIT|NOFRAME, $0
	SUBQ $168, SP
	MOVQ DI, 16(SP)
	MOVQ SI, R8
	LEAQ 24(SP), R9
	MOVL $16, R10
copy:
	MOVQ (R8), AX
	MOVQ AX, (R9)
	ADDQ $8, R8
	ADDQ $8, R9
	SUBQ $1, R10
	JNE copy
	MOVL $39, AX // getpid
	SYSCALL
	MOVQ AX, 0(SP)
	MOVL $186, AX // gettid
	SYSCALL
	MOVQ AX, 8(SP)
write:
	MOVL $1, AX // write
	MOVL $1, DI
	MOVQ SP, SI
	MOVL $152, DX
	SYSCALL
	CMPQ AX, $-4
	JEQ write
	ADDQ $168, SP
	RET
	END

TEXT ·hold(SB), NOSPLIT|NOFRAME, $0
	SUBQ $8, SP
	MOVQ $NOTE, AX
	CALL AX
	MOVQ $SERVE, AX
	CALL AX
	ADDQ $8, SP
	RET
	END

TEXT ·restorer(SB), NOSPLIT|NOFRAME, $0
	MOVL $15, AX // rt_sigreturn
	SYSCALL
	END

// func addresses(of *[5]uintptr)
TEXT ·addresses(SB), NOSPLIT, $0-8
	MOVQ of+0(FP), DI
	LEAQ ·entry(SB), AX
	MOVQ AX, 0(DI)
	LEAQ ·serve(SB), AX
	MOVQ AX, 8(DI)
	LEAQ ·note(SB), AX
	MOVQ AX, 16(DI)
	LEAQ ·hold(SB), AX
	MOVQ AX, 24(DI)
	LEAQ ·restorer(SB), AX
	MOVQ AX, 32(DI)
	RET
