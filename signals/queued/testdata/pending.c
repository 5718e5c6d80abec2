// Has signals pending for itself and for a thread.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static pthread_barrier_t ready;

static int queue(int s, int value) { return !sigqueue(getpid(), s, (union sigval){.sival_int = value}); }

static void *thread(void *arg) {
	(void)arg;
	pthread_kill(pthread_self(), SIGUSR1);
	pthread_sigqueue(pthread_self(), SIGRTMIN + 3, (union sigval){.sival_ptr = (void *)0x1122334455667788});
	printf("thread %d\n", gettid());
	pthread_barrier_wait(&ready);
	for (;;) pause();
}

int main(int argc, char **argv) {
	pthread_t t;
	sigset_t all;
	int queued = 0, many = argc > 1 ? atoi(argv[1]) : 2;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
	pthread_barrier_init(&ready, 0, 2);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGTERM);
	kill(getppid(), 0);
	for (int i = 1; i <= many; i++) queued += queue(SIGRTMIN + 1, i);
	queue(SIGRTMIN, 99);
	pthread_create(&t, 0, thread, 0);
	pthread_barrier_wait(&ready);
	if (argc > 2) {
		// Over the limit: kill of a real-time signal is queued without siginfo.
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_SIGPENDING, &none);
		kill(getpid(), SIGRTMIN + 7);
	}
	printf("queued %d\n", queued);
	fflush(stdout);
	for (;;) pause();
}
