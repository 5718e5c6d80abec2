// Counts the signals that it gets, and checks their order, until one has the value 0.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile int count, wrong, done;

static void handler(int s, siginfo_t *i, void *c) {
	(void)s, (void)c;
	if (i->si_value.sival_int == 0) done = 1;
	else if (i->si_value.sival_int != ++count) wrong++;
}

int main(void) {
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaction(SIGRTMIN, &a, 0);
	puts("ready");
	fflush(stdout);
	while (!done) usleep(100);
	printf("%d %d\n", count, wrong);
	return 0;
}
