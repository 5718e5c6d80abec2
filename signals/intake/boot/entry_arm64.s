//go:build linux && !cgo

#include "go_asm.h"
#include "textflag.h"

// System calls: asm-generic/unistd.h.
#define SYS_fcntl		25
#define SYS_openat		56
#define SYS_rt_sigaction	134
#define SYS_rt_sigprocmask	135
#define SYS_rt_sigtimedwait	137
#define SYS_getpid		172
#define SYS_prlimit64		261
#define SYS_memfd_create	279

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

// The entry point of a process without package nucleus: -ldflags=-E=_boot_entry. At RSP are argc, argv and
// everything else that the runtime will read.
TEXT _boot_entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	RSP, R0
	MOVD	$·stack(SB), R1
	MOVD	R0, (R1)
	MOVD	$SYS_rt_sigprocmask, R8
	MOVD	$0, R0			// SIG_BLOCK
	MOVD	$everything<>(SB), R1
	MOVD	$·mask(SB), R2
	MOVD	$8, R3
	SVC
	B	·begin(SB)

// Everything behind the first system call, which package nucleus makes itself.
TEXT ·begin(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD	$1, R20			// which of the 64 are ignored?
disposition:
	MOVD	$SYS_rt_sigaction, R8
	MOVD	R20, R0
	MOVD	$0, R1
	MOVD	$scratch<>(SB), R2
	MOVD	$8, R3
	SVC
	MOVD	$scratch<>(SB), R2
	MOVD	(R2), R3
	CMP	$1, R3			// SIG_IGN
	BNE	next
	SUB	$1, R20, R4
	MOVD	$1, R5
	LSL	R4, R5, R5
	MOVD	$·ignored(SB), R2
	MOVD	(R2), R3
	ORR	R5, R3
	MOVD	R3, (R2)
next:
	ADD	$1, R20
	CMP	$64, R20
	BLE	disposition

	MOVD	$SYS_prlimit64, R8
	MOVD	$0, R0
	MOVD	$7, R1			// RLIMIT_NOFILE
	MOVD	$0, R2
	MOVD	$·noFile(SB), R3
	SVC

	// The runtime ends the process if a standard descriptor is closed and it cannot open
	// /dev/null. Without that, an empty file that nobody can write takes its place.
	MOVD	$0, R20
standard:
	MOVD	$SYS_fcntl, R8
	MOVD	R20, R0
	MOVD	$F_GETFD, R1
	SVC
	TBZ	$63, R0, filled
	MOVD	$SYS_openat, R8
	MOVD	$-100, R0		// AT_FDCWD
	MOVD	$devNull<>(SB), R1
	MOVD	$2, R2			// O_RDWR
	MOVD	$0, R3
	SVC
	TBZ	$63, R0, filled
	MOVD	$SYS_memfd_create, R8
	MOVD	$devNull<>(SB), R0
	MOVD	$10, R1			// MFD_NOEXEC_SEAL|MFD_ALLOW_SEALING: Linux 6.3
	SVC
	TBZ	$63, R0, seal
	MOVD	$SYS_memfd_create, R8
	MOVD	$devNull<>(SB), R0
	MOVD	$2, R1			// MFD_ALLOW_SEALING
	SVC
	TBNZ	$63, R0, filled		// the runtime will say so: see complain
seal:
	MOVD	$SYS_fcntl, R8
	MOVD	$F_ADD_SEALS, R1
	MOVD	$15, R2			// F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE
	SVC
filled:
	ADD	$1, R20
	CMP	$3, R20
	BLT	standard

	MOVD	$·complaint(SB), R1
	MOVD	(R1), R1
	MOVD	$runtime·overrideWrite(SB), R2
	MOVD	R1, (R2)

	// Files that the runtime need not read: see startupFiles in boot.go.
	MOVD	$·noFile(SB), R3
	MOVD	(R3), R4
	CMP	$const_startupFiles, R4
	BLS	profile
	MOVD	$scratch<>(SB), R2
	MOVD	$const_startupFiles, R4
	MOVD	R4, (R2)
	MOVD	8(R3), R4
	MOVD	R4, 8(R2)
	MOVD	$SYS_prlimit64, R8
	MOVD	$0, R0
	MOVD	$7, R1
	MOVD	$0, R3
	SVC
profile:
	MOVD	$·profileRate(SB), R1
	MOVD	(R1), R1
	MOVD	ZR, (R1)

	MOVD	$SYS_getpid, R8
	SVC
	MOVD	$·selfPID(SB), R1
	MOVW	R0, (R1)

	// Store what was pending at exec, in order, while there is room.
pending:
	MOVD	$·ringHead(SB), R1
	MOVD	(R1), R1
	CMP	$(const_ringSize/2), R1
	BGE	drained
	MOVD	$SYS_rt_sigtimedwait, R8
	MOVD	$forced<>(SB), R0
	MOVD	$scratch<>(SB), R1
	MOVD	$zero<>(SB), R2
	MOVD	$8, R3
	SVC
	CMP	$0, R0
	BLE	drained
	MOVD	R0, R20
	MOVD	$scratch<>(SB), R19
	BL	·keep(SB)
	B	pending
drained:

	// Install the catcher; from then on nothing replaces it: see withhold.
	MOVD	$scratch<>(SB), R1
	MOVD	$·catcher(SB), R2
	MOVD	R2, 0(R1)
	MOVD	$0x18000004, R2		// SA_SIGINFO|SA_ONSTACK|SA_RESTART
	MOVD	R2, 8(R1)
	MOVD	$0, 16(R1)		// restorer: the vdso has one
	MOVD	$-1, R2
	MOVD	R2, 24(R1)
	MOVD	$1, R20
catch:
	SUB	$1, R20, R4
	MOVD	$const_Forced, R5
	LSR	R4, R5, R5
	TBZ	$0, R5, spare
	MOVD	$SYS_rt_sigaction, R8
	MOVD	R20, R0
	MOVD	$scratch<>(SB), R1
	MOVD	$0, R2
	MOVD	$8, R3
	SVC
spare:
	ADD	$1, R20
	CMP	$34, R20
	BLE	catch
	MOVW	$1, R2
	MOVD	$·entered(SB), R1
	MOVW	R2, (R1)
	MOVD	$·holding(SB), R1
	MOVW	R2, (R1)
	B	·setVariables(SB)

// The runtime asks here before it asks the kernel: runtime/cgo_sigaction.go.
DATA	_cgo_sigaction+0(SB)/8, $withhold<>(SB)
GLOBL	_cgo_sigaction(SB), NOPTR, $8

// withhold is called as C does: R0 = signal, R1 = new action or 0, R2 = where the old
// goes or 0; R0 = an errno, of which EINVAL sends the runtime to the kernel. For a signal
// of Forced it stores the runtime's handler, and returns that there was none before, as the
// runtime would pass signals on to one. Anything but a handler goes to the kernel: the
// runtime is about to die of the signal.
TEXT withhold<>(SB), NOSPLIT|NOFRAME, $0
	MOVD	$·holding(SB), R3
	MOVW	(R3), R3
	CBZW	R3, kernel
	SUB	$1, R0, R3
	CMP	$63, R3
	BHI	kernel
	MOVD	$const_Forced, R4
	LSR	R3, R4, R4
	TBZ	$0, R4, kernel
	CBZ	R1, old
	MOVD	(R1), R4
	CMP	$1, R4			// SIG_DFL, SIG_IGN
	BLS	kernel
	MOVD	$·goHandler(SB), R5
	MOVD	R4, (R5)(R0<<3)
old:
	CBZ	R2, done
	STP	(ZR, ZR), (R2)
	STP	(ZR, ZR), 16(R2)
done:
	MOVD	$0, R0
	RET
kernel:
	MOVD	$EINVAL, R0
	RET
