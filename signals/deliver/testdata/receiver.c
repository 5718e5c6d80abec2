// A receiver of signals: receiver WHAT [SIGNAL] prints ready and then what it gets. WHAT is
//   default    nothing special          handler   a handler for the signal
//   ignore     ignores it               block     blocks it
//   wait       sigwaitinfo              descriptor  signalfd
//   other      the main thread blocks it, another one has a handler for it
//   full       a handler for it, and no room in the queue of pending signals
//   exit       a handler that exits with status 7
//   stopped    stops itself             session   leads a session of its own
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, int sig, int code, int pid, unsigned long long value)
{
	char line[128];
	int n = snprintf(line, sizeof line, "%s %d code %d sender %d value %llu\n", what, sig, code, pid != 0, value);
	(void)!write(1, line, n);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)context;
	say("handled", sig, info->si_code, info->si_pid, info->si_code == SI_QUEUE ? (unsigned long long)info->si_value.sival_ptr : 0);
}

static void leave(int sig)
{
	(void)sig;
	_exit(7);
}

static void catch(int sig)
{
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(sig, &a, 0);
}

static void *other(void *set)
{
	pthread_sigmask(SIG_UNBLOCK, set, 0);
	printf("ready %ld\n", (long)syscall(SYS_gettid));
	fflush(stdout);
	for (;;)
		pause();
}

static void ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *what = argv[1];
	int sig = argc > 2 ? atoi(argv[2]) : 0;
	sigset_t set;
	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	if (!strcmp(what, "handler") || !strcmp(what, "other") || !strcmp(what, "full"))
		catch(sig);
	if (!strcmp(what, "exit"))
		signal(sig, leave);
	if (!strcmp(what, "ignore"))
		signal(sig, SIG_IGN);
	if (!strcmp(what, "session"))
		setsid();
	if (!strcmp(what, "full")) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_SIGPENDING, &none);
	}
	if (!strcmp(what, "block") || !strcmp(what, "wait") || !strcmp(what, "descriptor") || !strcmp(what, "other"))
		sigprocmask(SIG_BLOCK, &set, 0);
	if (!strcmp(what, "other")) {
		pthread_t thread;
		pthread_create(&thread, 0, other, &set);
	} else
		ready();
	if (!strcmp(what, "stopped"))
		raise(SIGSTOP);
	if (!strcmp(what, "wait"))
		for (;;) {
			siginfo_t info;
			if (sigwaitinfo(&set, &info) > 0)
				say("waited", info.si_signo, info.si_code, info.si_pid, info.si_code == SI_QUEUE ? (unsigned long long)info.si_value.sival_ptr : 0);
		}
	if (!strcmp(what, "descriptor"))
		for (int fd = signalfd(-1, &set, SFD_CLOEXEC);;) {
			struct signalfd_siginfo info;
			if (read(fd, &info, sizeof info) == sizeof info)
				say("read", info.ssi_signo, info.ssi_code, info.ssi_pid, info.ssi_ptr);
		}
	for (;;)
		pause();
}
