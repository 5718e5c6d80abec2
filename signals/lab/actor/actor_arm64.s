#include "textflag.h"

// As in actor_amd64.s. The channel is in R19, which the kernel and handlers keep.

#define SERVE 0x400200
#define NOTE 0x400300

// Two instructions that do not occur: UDF, permanently undefined.
#define END WORD $0x0000dead; WORD $0x0000dead

TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	MOVD 8(RSP), R0
	MOVBU (R0), R19
	SUB $48, R19
	SUB $256, RSP
	MOVD $SERVE, R9
	CALL (R9)
	MOVD $0, R0
	MOVD $94, R8 // exit_group
	SVC
	END

TEXT ·serve(SB), NOSPLIT|NOFRAME, $0
	SUB $80, RSP
	MOVD R30, 72(RSP)
next:
	MOVD R19, R0
	MOVD RSP, R1
	MOVD $64, R2
	MOVD $63, R8 // read
	SVC
	CMN $4, R0 // EINTR
	BEQ next
	CMP $64, R0
	BNE gone
	MOVD 0(RSP), R8
	CMN $1, R8
	BEQ done
	MOVD 8(RSP), R0
	MOVD 16(RSP), R1
	MOVD 24(RSP), R2
	MOVD 32(RSP), R3
	MOVD 40(RSP), R4
	MOVD 48(RSP), R5
	MOVD 56(RSP), R20
	SVC
	CBNZ R0, answer
	CBZ R20, answer
	MOVD R20, R19
answer:
	MOVD R0, 0(RSP)
write:
	MOVD R19, R0
	MOVD RSP, R1
	MOVD $8, R2
	MOVD $64, R8 // write
	SVC
	CMN $4, R0
	BEQ write
	B next
gone:
	MOVD $1, R0
	MOVD $94, R8 // exit_group
	SVC
done:
	MOVD 72(RSP), R30
	ADD $80, RSP
	RET
	END

TEXT ·note(SB), NOSPLIT|NOFRAME, $0
	SUB $176, RSP
	MOVD R0, 16(RSP)
	ADD $24, RSP, R9
	MOVD $16, R10
copy:
	MOVD.P 8(R1), R11
	MOVD.P R11, 8(R9)
	SUBS $1, R10
	BNE copy
	MOVD $172, R8 // getpid
	SVC
	MOVD R0, 0(RSP)
	MOVD $178, R8 // gettid
	SVC
	MOVD R0, 8(RSP)
write:
	MOVD $1, R0
	MOVD RSP, R1
	MOVD $152, R2
	MOVD $64, R8 // write
	SVC
	CMN $4, R0
	BEQ write
	ADD $176, RSP
	RET
	END

TEXT ·hold(SB), NOSPLIT|NOFRAME, $0
	SUB $16, RSP
	MOVD R30, 0(RSP)
	MOVD $NOTE, R9
	CALL (R9)
	MOVD $SERVE, R9
	CALL (R9)
	MOVD 0(RSP), R30
	ADD $16, RSP
	RET
	END

TEXT ·restorer(SB), NOSPLIT|NOFRAME, $0
	MOVD $139, R8 // rt_sigreturn
	SVC
	END

// func addresses(of *[5]uintptr)
TEXT ·addresses(SB), NOSPLIT, $0-8
	MOVD of+0(FP), R1
	MOVD $·entry(SB), R0
	MOVD R0, 0(R1)
	MOVD $·serve(SB), R0
	MOVD R0, 8(R1)
	MOVD $·note(SB), R0
	MOVD R0, 16(R1)
	MOVD $·hold(SB), R0
	MOVD R0, 24(R1)
	MOVD $·restorer(SB), R0
	MOVD R0, 32(R1)
	RET
