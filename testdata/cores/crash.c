// A program without a C library, so that its core is small: crash is called by serve, which
// is called by _start. With an argument it waits instead.
__attribute__((noinline)) static int crash(volatile int *p) { return *p + 1; }
__attribute__((noinline)) static int serve(int n) { return crash((int *)0x10) + n; }

__attribute__((noinline, used)) static void start(long *stack) {
	if (stack[0] > 1)
		for (;;)
			;
	serve((int)stack[0]);
}

#ifdef __aarch64__
__asm__(".globl _start\n_start:\n mov x29, 0\n mov x30, 0\n mov x0, sp\n bl start\n");
#else
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#endif
