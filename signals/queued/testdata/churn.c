// Has as many signals pending as the argument says, with values that follow each other, and a
// thread that takes the first one and queues one more, all the time.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long next = 1;

static int queue(void) { return sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_ptr = (void *)next++}); }

static void *thread(void *set) {
	siginfo_t info;
	for (;;)
		if (sigwaitinfo(set, &info) > 0) queue();
	return 0;
}

int main(int argc, char **argv) {
	pthread_t t;
	sigset_t set;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
		if (queue()) return 1;
	pthread_create(&t, 0, thread, &set);
	puts("ready");
	fflush(stdout);
	for (;;) pause();
}
