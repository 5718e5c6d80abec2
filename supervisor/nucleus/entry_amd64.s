//go:build linux && !cgo

#include "go_asm.h"
#include "textflag.h"

// System calls: asm/unistd_64.h.
#define SYS_rt_sigprocmask	14
#define SYS_arch_prctl		158
#define ARCH_SET_FS		0x1002

// The entry point of the process: -ldflags=-E=_supervise_entry. At SP are argc, argv and
// everything else; the stack below is free.
TEXT _supervise_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	LEAQ	·memory+(const_pageSize-1)(SB), BX
	ANDQ	$~(const_pageSize-1), BX
	MOVQ	SP, nucleus_stack(BX)
	MOVQ	$-1, nucleus_mask(BX)
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$0, DI			// SIG_BLOCK
	LEAQ	nucleus_mask(BX), SI
	MOVQ	SI, DX
	MOVL	$8, R10
	SYSCALL

	CALL	·becomeGo(SB)		// the runtime sets its own registers later
	SUBQ	$16, SP
	MOVQ	BX, 0(SP)
	CALL	·start(SB)
	MOVQ	0(SP), BX
	MOVQ	nucleus_stack(BX), SP
	JMP	supervise∕signals∕intake∕boot·begin(SB)

// func instead()
TEXT ·instead(SB), NOSPLIT|NOFRAME, $0
	LEAQ	·memory+(const_pageSize-1)(SB), BX
	ANDQ	$~(const_pageSize-1), BX
	MOVQ	$-1, nucleus_thread(BX)
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$0, DI			// SIG_BLOCK
	LEAQ	nucleus_thread(BX), SI
	MOVL	$0, DX
	MOVL	$8, R10
	SYSCALL
	LEAQ	(nucleus_stackAlone+const_aloneSize)(BX), SP
	ANDQ	$~15, SP
	CALL	·becomeGo(SB)
	SUBQ	$16, SP
	MOVQ	BX, 0(SP)
	CALL	·goOn(SB)
	INT	$3

// becomeGo makes this thread run compiled Go code on the stack below SP, given where the nucleus is
// in BX.
TEXT ·becomeGo(SB), NOSPLIT|NOFRAME, $0
	LEAQ	-const_stackSize(SP), CX
	MOVQ	CX, (nucleus_g+0)(BX)	// stack.lo
	MOVQ	SP, (nucleus_g+8)(BX)	// stack.hi
	MOVQ	CX, (nucleus_g+16)(BX)	// stackguard0
	MOVQ	CX, (nucleus_g+24)(BX)	// stackguard1
	LEAQ	nucleus_g(BX), CX
	MOVQ	CX, nucleus_thread(BX)
	MOVL	$SYS_arch_prctl, AX
	MOVL	$ARCH_SET_FS, DI
	LEAQ	(nucleus_thread+8)(BX), SI	// the address of g is looked up 8 bytes below
	SYSCALL
	RET
