// Blocks, ignores, catches, waits for and has pending some signals.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static pthread_barrier_t ready;
static pid_t waits;

static void handler(int s) { (void)s; }

static sigset_t just(int s) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, s);
	return set;
}

static void *blocker(void *arg) {
	(void)arg;
	sigset_t set = just(SIGWINCH);
	pthread_setname_np(pthread_self(), "blocker");
	pthread_sigmask(SIG_BLOCK, &set, 0);
	pthread_kill(pthread_self(), SIGWINCH);
	pthread_barrier_wait(&ready);
	for (;;) pause();
}

static void *waiter(void *arg) {
	(void)arg;
	sigset_t set = just(SIGQUIT);
	int s;
	pthread_setname_np(pthread_self(), "waiter");
	waits = gettid();
	pthread_barrier_wait(&ready);
	for (;;) sigwait(&set, &s);
}

int main(int argc, char **argv) {
	pthread_t a, b;
	sigset_t set = just(SIGUSR1), child = just(SIGCHLD);
	pthread_barrier_init(&ready, 0, 3);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, handler);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, 0);
	signalfd(-1, &child, 0);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
	pthread_create(&a, 0, blocker, 0);
	pthread_create(&b, 0, waiter, 0);
	pthread_barrier_wait(&ready);
	// The other thread is in sigwait when it sleeps, and its mask has no SIGQUIT any more.
	for (char line[256], found = 0; found != 3;) {
		FILE *f;
		snprintf(line, sizeof line, "/proc/self/task/%d/status", waits);
		f = fopen(line, "r");
		while (f && fgets(line, sizeof line, f)) {
			found |= !strncmp(line, "State:\tS", 8);
			found |= !strncmp(line, "SigBlk:\t", 8) && !(strtoull(line + 8, 0, 16) & 1 << (SIGQUIT - 1)) ? 2 : 0;
		}
		if (f) fclose(f);
	}
	puts("ready");
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "main-ends")) pthread_exit(0);
	for (;;) pause();
}
