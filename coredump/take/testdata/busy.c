// Starts threads that end soon, and sends itself signals that it counts, until SIGTERM. It
// fails if one was lost.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Atomic long sent, came;
static _Atomic int done;

static void on_usr1(int sig) { (void)sig; came++; }
static void on_term(int sig) { (void)sig; done = 1; }

static void *brief(void *arg) {
	struct timespec pause = { 0, 300000 };
	sent++;
	raise(SIGUSR1); // to this thread, at once
	nanosleep(&pause, NULL);
	return arg;
}

int main(void) {
	struct timespec pause = { 0, 200000 };
	signal(SIGUSR1, on_usr1);
	signal(SIGTERM, on_term);
	puts("ready");
	fflush(stdout);
	for (time_t end = time(NULL) + 60; !done && time(NULL) < end;) {
		pthread_t t[4];
		for (int i = 0; i < 4; i++)
			if (pthread_create(&t[i], NULL, brief, NULL))
				return 2;
		nanosleep(&pause, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	return sent != came;
}
