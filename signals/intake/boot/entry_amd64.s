//go:build linux && !cgo

#include "go_asm.h"
#include "textflag.h"

// System calls: asm/unistd_64.h.
#define SYS_open		2
#define SYS_rt_sigaction	13
#define SYS_rt_sigprocmask	14
#define SYS_getpid		39
#define SYS_fcntl		72
#define SYS_rt_sigtimedwait	128
#define SYS_prlimit64		302
#define SYS_memfd_create	319

#define EINVAL		22
#define F_GETFD		1
#define F_ADD_SEALS	1033

// Filled in by the kernel for the entry point: siginfo_t or struct sigaction.
GLOBL	scratch<>(SB), NOPTR, $128
GLOBL	zero<>(SB), NOPTR|RODATA, $16
DATA	everything<>+0(SB)/8, $0xffffffffffffffff
GLOBL	everything<>(SB), NOPTR|RODATA, $8
DATA	forced<>+0(SB)/8, $const_Forced
GLOBL	forced<>(SB), NOPTR|RODATA, $8
DATA	devNull<>+0(SB)/8, $"/dev/nul"
DATA	devNull<>+8(SB)/2, $"l"
GLOBL	devNull<>(SB), NOPTR|RODATA, $16

// The entry point of a process without package nucleus: -ldflags=-E=_boot_entry. At SP are argc, argv and
// everything else that the runtime will read; the stack below is free.
TEXT _boot_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ	SP, ·stack(SB)
	MOVL	$SYS_rt_sigprocmask, AX
	MOVL	$0, DI			// SIG_BLOCK
	LEAQ	everything<>(SB), SI
	LEAQ	·mask(SB), DX
	MOVL	$8, R10
	SYSCALL
	JMP	·begin(SB)

// Everything behind the first system call, which package nucleus makes itself.
TEXT ·begin(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL	$1, R14			// which of the 64 are ignored?
disposition:
	MOVL	$SYS_rt_sigaction, AX
	MOVQ	R14, DI
	MOVL	$0, SI
	LEAQ	scratch<>(SB), DX
	MOVL	$8, R10
	SYSCALL
	CMPQ	scratch<>+0(SB), $1	// SIG_IGN
	JNE	next
	LEAQ	-1(R14), CX
	BTSQ	CX, ·ignored(SB)
next:
	INCQ	R14
	CMPQ	R14, $64
	JLE	disposition

	MOVL	$SYS_prlimit64, AX
	MOVL	$0, DI
	MOVL	$7, SI			// RLIMIT_NOFILE
	MOVL	$0, DX
	LEAQ	·noFile(SB), R10
	SYSCALL

	// The runtime ends the process if a standard descriptor is closed and it cannot open
	// /dev/null. Without that, an empty file that nobody can write takes its place.
	MOVL	$0, R14
standard:
	MOVL	$SYS_fcntl, AX
	MOVQ	R14, DI
	MOVL	$F_GETFD, SI
	SYSCALL
	CMPQ	AX, $0
	JGE	filled
	MOVL	$SYS_open, AX
	LEAQ	devNull<>(SB), DI
	MOVL	$2, SI			// O_RDWR
	MOVL	$0, DX
	SYSCALL
	CMPQ	AX, $0
	JGE	filled
	MOVL	$SYS_memfd_create, AX
	LEAQ	devNull<>(SB), DI
	MOVL	$10, SI			// MFD_NOEXEC_SEAL|MFD_ALLOW_SEALING: Linux 6.3
	SYSCALL
	CMPQ	AX, $0
	JGE	seal
	MOVL	$SYS_memfd_create, AX
	LEAQ	devNull<>(SB), DI
	MOVL	$2, SI			// MFD_ALLOW_SEALING
	SYSCALL
	CMPQ	AX, $0
	JLT	filled			// the runtime will say so: see complain
seal:
	MOVQ	AX, DI
	MOVL	$SYS_fcntl, AX
	MOVL	$F_ADD_SEALS, SI
	MOVL	$15, DX			// F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE
	SYSCALL
filled:
	INCQ	R14
	CMPQ	R14, $3
	JLT	standard

	MOVQ	·complaint(SB), AX
	MOVQ	AX, runtime·overrideWrite(SB)

	// Files that the runtime need not read: see startupFiles in boot.go.
	CMPQ	·noFile+0(SB), $const_startupFiles
	JLS	profile
	MOVQ	$const_startupFiles, scratch<>+0(SB)
	MOVQ	·noFile+8(SB), AX
	MOVQ	AX, scratch<>+8(SB)
	MOVL	$SYS_prlimit64, AX
	MOVL	$0, DI
	MOVL	$7, SI
	LEAQ	scratch<>(SB), DX
	MOVL	$0, R10
	SYSCALL
profile:
	MOVQ	·profileRate(SB), AX
	MOVQ	$0, (AX)

	MOVL	$SYS_getpid, AX
	SYSCALL
	MOVL	AX, ·selfPID(SB)

	// Store what was pending at exec, in order, while there is room.
pending:
	CMPQ	·ringHead(SB), $(const_ringSize/2)
	JGE	drained
	MOVL	$SYS_rt_sigtimedwait, AX
	LEAQ	forced<>(SB), DI
	LEAQ	scratch<>(SB), SI
	LEAQ	zero<>(SB), DX
	MOVL	$8, R10
	SYSCALL
	CMPQ	AX, $0
	JLE	drained
	MOVQ	AX, R14
	LEAQ	scratch<>(SB), R12
	CALL	·keep(SB)
	JMP	pending
drained:

	// Install the catcher; from then on nothing replaces it: see withhold.
	LEAQ	·catcher(SB), AX
	MOVQ	AX, scratch<>+0(SB)
	MOVQ	$0x1c000004, AX		// SA_SIGINFO|SA_RESTORER|SA_ONSTACK|SA_RESTART
	MOVQ	AX, scratch<>+8(SB)
	LEAQ	·restorer(SB), AX
	MOVQ	AX, scratch<>+16(SB)
	MOVQ	$-1, scratch<>+24(SB)
	MOVL	$1, R14
catch:
	LEAQ	-1(R14), CX
	BTQ	CX, forced<>(SB)
	JCC	spare
	MOVL	$SYS_rt_sigaction, AX
	MOVQ	R14, DI
	LEAQ	scratch<>(SB), SI
	MOVL	$0, DX
	MOVL	$8, R10
	SYSCALL
spare:
	INCQ	R14
	CMPQ	R14, $34
	JLE	catch
	MOVL	$1, ·entered(SB)
	MOVL	$1, ·holding(SB)
	JMP	·setVariables(SB)

// The runtime asks here before it asks the kernel: runtime/cgo_sigaction.go.
DATA	_cgo_sigaction+0(SB)/8, $withhold<>(SB)
GLOBL	_cgo_sigaction(SB), NOPTR, $8

// withhold is called as C does: DI = signal, SI = new action or 0, DX = where the old
// goes or 0; AX = an errno, of which EINVAL sends the runtime to the kernel. For a signal
// of Forced it stores the runtime's handler, and returns that there was none before, as the
// runtime would pass signals on to one. Anything but a handler goes to the kernel: the
// runtime is about to die of the signal.
TEXT withhold<>(SB), NOSPLIT|NOFRAME, $0
	CMPL	·holding(SB), $0
	JEQ	kernel
	LEAQ	-1(DI), CX
	CMPQ	CX, $63
	JHI	kernel
	MOVQ	$const_Forced, AX
	BTQ	CX, AX
	JCC	kernel
	TESTQ	SI, SI
	JZ	old
	MOVQ	0(SI), AX
	CMPQ	AX, $1			// SIG_DFL, SIG_IGN
	JLS	kernel
	LEAQ	·goHandler(SB), CX
	MOVQ	AX, (CX)(DI*8)
old:
	TESTQ	DX, DX
	JZ	done
	XORL	AX, AX
	MOVQ	AX, 0(DX)
	MOVQ	AX, 8(DX)
	MOVQ	AX, 16(DX)
	MOVQ	AX, 24(DX)
done:
	XORL	AX, AX
	RET
kernel:
	MOVL	$EINVAL, AX
	RET
