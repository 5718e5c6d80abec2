// Has memory of argv[1] MB and a thread that looks at the clock all the time. For each line of
// the standard input it prints the longest time in microseconds that it did not get to that.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static _Atomic long longest;

static long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void *tick(void *arg) {
	(void)arg;
	for (long last = now();;) {
		long t = now();
		if (t - last > atomic_load(&longest))
			atomic_store(&longest, t - last);
		last = t;
	}
}

int main(int argc, char **argv) {
	size_t size = strtoul(argv[1], NULL, 0) << 20;
	unsigned *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size / sizeof *memory; i++)
		memory[i] = i * 2654435761u;
	pthread_t t;
	pthread_create(&t, NULL, tick, NULL);
	(void)argc;
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		printf("%ld\n", atomic_exchange(&longest, 0) / 1000), fflush(stdout);
	return 0;
}
