// What a program inherits, and a state to inherit: inherit report prints its own; inherit state
// BLOCKED IGNORED [SIGNAL:VALUE...] -- COMMAND... executes a command with this mask, these ignored
// signals (both in hexadecimal) and these signals pending. A value of r is raise(3), of k kill(2).
// inherit take SIGNAL... prints the values of these signals, which it blocks already, up to 0 of
// each.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef unsigned long long set;

struct action { void *handler; unsigned long flags; void *restorer; set mask; };

static set mask(int how, set *new)
{
	set old = 0;
	syscall(SYS_rt_sigprocmask, how, new, &old, 8);
	return old;
}

static int queue(int sig, unsigned long long value)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = 4711;
	info.si_uid = 12;
	info.si_value.sival_ptr = (void *)value;
	return syscall(SYS_rt_sigqueueinfo, getpid(), sig, &info);
}

static int state(char **argv)
{
	set block = strtoull(argv[0], 0, 16), ignore = strtoull(argv[1], 0, 16);
	for (int sig = 1; sig <= 64; sig++) {
		struct action a = { (void *)(ignore >> (sig - 1) & 1), 0, 0, 0 };
		syscall(SYS_rt_sigaction, sig, &a, 0, 8);
	}
	mask(SIG_SETMASK, &block);
	for (argv += 2; *argv && strcmp(*argv, "--"); argv++) {
		int sig = atoi(*argv), failed;
		char *value = strchr(*argv, ':') + 1;
		if (*value == 'r')
			failed = syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
		else if (*value == 'k')
			failed = kill(getpid(), sig);
		else
			failed = queue(sig, strtoull(value, 0, 0));
		if (failed) {
			perror(*argv);
			return 99;
		}
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 98;
}

static void limit(const char *name, int which)
{
	struct rlimit l;
	getrlimit(which, &l);
	printf("%s %lld %lld\n", name, (long long)l.rlim_cur, (long long)l.rlim_max);
}

static void dispositions(void)
{
	set ignored = 0, caught = 0;
	for (int sig = 1; sig <= 64; sig++) {
		struct action a = { 0, 0, 0, 0 };
		syscall(SYS_rt_sigaction, sig, 0, &a, 8);
		if (a.handler == (void *)1)
			ignored |= 1ULL << (sig - 1);
		else if (a.handler)
			caught |= 1ULL << (sig - 1);
	}
	printf("ignored %016llx\ncaught %016llx\n", ignored, caught);
}

static void pending(void)
{
	set now = 0;
	syscall(SYS_rt_sigpending, &now, 8);
	printf("pending %016llx\n", now);
	for (;;) {
		siginfo_t info;
		struct timespec none = { 0, 0 };
		int sig = syscall(SYS_rt_sigtimedwait, &now, &info, &none, 8);
		if (sig <= 0)
			break;
		printf("queued %d code %d pid %d uid %d value %llu\n", sig, info.si_code,
			info.si_pid == getpid() ? -1 : info.si_pid, info.si_uid,
			info.si_code == SI_QUEUE ? (unsigned long long)info.si_value.sival_ptr : 0);
	}
}

static int take(char **argv)
{
	set wanted = 0;
	for (; *argv; argv++)
		wanted |= 1ULL << (atoi(*argv) - 1);
	while (wanted) {
		siginfo_t info;
		int sig = syscall(SYS_rt_sigtimedwait, &wanted, &info, 0, 8);
		if (sig <= 0)
			continue;
		printf("%d %llu\n", sig, (unsigned long long)info.si_value.sival_ptr);
		if (!info.si_value.sival_ptr)
			wanted &= ~(1ULL << (sig - 1));
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "state"))
		return state(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "take"))
		return take(argv + 2);
	printf("blocked %016llx\n", mask(SIG_BLOCK, 0));
	dispositions();
	pending();
	limit("pending-limit", RLIMIT_SIGPENDING);
	limit("core-limit", RLIMIT_CORE);
	limit("file-limit", RLIMIT_NOFILE);
	int on = 0, death = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &on);
	prctl(PR_GET_PDEATHSIG, &death);
	printf("subreaper %d\nparent-death %d\ndumpable %d\n", on, death, prctl(PR_GET_DUMPABLE));
	printf("own-group %d\nown-session %d\n", getpgrp() == getpid(), getsid(0) == getpid());
	printf("environment %s %s\n", getenv("GOMAXPROCS") ? "GOMAXPROCS" : "-", getenv("GODEBUG") ? "GODEBUG" : "-");
	char line[64] = "";
	FILE *f = fopen("/proc/self/coredump_filter", "r");
	if (f && fgets(line, sizeof line, f))
		printf("core-filter %s", line);
	for (int fd = 3; fd < 256; fd++)
		if (lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF)
			printf("fd %d\n", fd);
	return 0;
}
