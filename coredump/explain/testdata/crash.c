// crash WAY: ends in one of several ways.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define KEEP __asm__ volatile("" ::: "memory")

NOINLINE void store(volatile int *p) { *p = 1; KEEP; }
NOINLINE void handle_request(int n) { if (n) handle_request(n - 1); else store((int *)0x10); KEEP; }
NOINLINE void serve(int n) { handle_request(n); KEEP; }

static NOINLINE void in_handler(void) { store((int *)0x20); KEEP; }
static void handler(int signal) { (void)signal; in_handler(); KEEP; }

static void *waits(void *n) { (void)n; for (;;) pause(); }
static NOINLINE void in_thread(void) { abort(); }
static void *aborts(void *n) { (void)n; in_thread(); KEEP; return 0; }

static NOINLINE int endless(int n) { char b[512]; memset(b, n, sizeof b); KEEP; n = endless(n + 1) + b[3]; KEEP; return n; }

static void threads(int n) {
	pthread_t t;
	while (n--)
		pthread_create(&t, 0, waits, 0);
}

int main(int argc, char **argv) {
	const char *way = argc > 1 ? argv[1] : "";
	if (!strcmp(way, "deep")) serve(3);
	if (!strcmp(way, "handler")) { signal(SIGUSR1, handler); raise(SIGUSR1); }
	if (!strcmp(way, "threads")) { pthread_t t; threads(20); usleep(50000); pthread_create(&t, 0, aborts, 0); pthread_join(t, 0); }
	if (!strcmp(way, "abort")) in_thread();
	if (!strcmp(way, "null")) ((void (*)(void))0)();
	if (!strcmp(way, "endless")) return endless(1);
	if (!strcmp(way, "readonly")) store((int *)(uintptr_t)main);
	if (!strcmp(way, "kill")) { kill(getpid(), SIGQUIT); pause(); }
	if (!strcmp(way, "wait")) { puts("ready"); fflush(stdout); for (;;) pause(); }
	return 0;
}
