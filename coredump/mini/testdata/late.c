// The library of loads.c.
__attribute__((noinline)) static int inner(volatile int *p) { return *p + 1; }
int crash_late(int *p) { return inner(p) + 1; }
