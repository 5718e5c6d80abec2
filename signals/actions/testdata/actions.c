// Sets an action of every kind, says where its handlers are, and waits.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void plain_handler(int s) { (void)s; }
static void static_handler(int s, siginfo_t *i, void *c) { (void)s, (void)i, (void)c; }

static void set(int s, void (*handler)(int), int flags, int masked, int masked2) {
	struct sigaction a;
	memset(&a, 0, sizeof a);
	a.sa_handler = handler;
	a.sa_flags = flags;
	sigemptyset(&a.sa_mask);
	if (masked) sigaddset(&a.sa_mask, masked);
	if (masked2) sigaddset(&a.sa_mask, masked2);
	sigaction(s, &a, 0);
}

int main(void) {
	set(SIGHUP, plain_handler, 0, 0, 0);
	set(SIGINT, (void (*)(int))static_handler, SA_SIGINFO, SIGTERM, SIGRTMAX);
	set(SIGQUIT, plain_handler, SA_RESTART, 0, 0);
	set(SIGUSR1, plain_handler, SA_NODEFER | SA_RESETHAND, 0, 0);
	set(SIGUSR2, plain_handler, SA_ONSTACK, SIGHUP, 0);
	set(SIGCHLD, plain_handler, SA_NOCLDSTOP | SA_NOCLDWAIT, 0, 0);
	set(SIGTERM, SIG_IGN, 0, 0, 0);
	signal(SIGALRM, SIG_IGN);
	set(SIGWINCH, SIG_DFL, SA_RESTART, SIGHUP, 0);
	set(SIGRTMIN, (void (*)(int))static_handler, SA_SIGINFO | SA_RESTART, 0, 0);
	// Without a C library: nobody can tell that from what is inherited.
	unsigned long raw[4] = {1};
	syscall(SYS_rt_sigaction, SIGTTIN, raw, 0, 8);
	printf("%lx %lx\n", (unsigned long)plain_handler, (unsigned long)static_handler);
	fflush(stdout);
	for (;;) pause();
}
