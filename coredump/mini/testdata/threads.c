// Threads that wait below a few functions each, and one that crashes: at a bad address, on a
// signal stack, or in a function that it calls by itself. An argument says which.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8 };
static pthread_barrier_t ready;
static volatile int *nowhere;
static char *ballast;

__attribute__((noinline)) static void waits(int i) {
	char name[16];
	snprintf(name, sizeof name, "worker-%d", i);
	pthread_setname_np(pthread_self(), name);
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
}
__attribute__((noinline)) static int middle(int i) { waits(i); return i + 1; }
static void *worker(void *arg) { return (void *)(long)(middle((long)arg) + 1); }

__attribute__((noinline)) int crash(void) { *nowhere = 1; return 1; }

// Frames of a page each, so that those below are in others.
__attribute__((noinline)) static int deep(int n) {
	volatile char frame[4096];
	frame[n] = 1;
	return (n > 0 ? deep(n - 1) : crash()) + frame[n];
}
__attribute__((noinline)) static int serve(void) { return deep(8) + 1; }

static void on_signal(int sig) { (void)sig; raise(SIGABRT); _exit(1); }

static void use_signal_stack(void) {
	stack_t stack = { .ss_sp = malloc(1 << 20), .ss_size = 1 << 20 };
	sigaltstack(&stack, NULL);
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	sigaction(SIGSEGV, &act, NULL);
}

int main(int argc, char **argv) {
	pthread_t t;
	const char *how = argc > 1 ? argv[1] : "crash";
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 0) << 20 : 1 << 20;
	ballast = malloc(size);
	memset(ballast, 'x', size);
	pthread_barrier_init(&ready, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t, NULL, worker, (void *)i);
	pthread_barrier_wait(&ready);
	usleep(20000); // for the threads to get from the barrier to their pause
	if (!strcmp(how, "wait")) {
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	if (!strcmp(how, "handler"))
		use_signal_stack();
	return serve() + 1;
}
