// incident NAME ends, or is stopped, in one of the ways in which a process can get a signal.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void wait_here(void)
{
	for (;;)
		pause();
}

static void limit(int resource, rlim_t soft)
{
	struct rlimit l = {soft, soft};
	setrlimit(resource, &l);
}

// With the default action again, a handler that has cleaned up sends itself the signal.
static void again(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static void forbid_getppid(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void posix_timer(void)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec soon = {{0, 0}, {0, 10000000}};
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &soon, NULL);
}

// The leader of a session that opens a terminal has it as its own, until the other end is closed.
static void hang_up(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(master);
	unlockpt(master);
	if (open(ptsname(master), O_RDWR) < 0)
		perror("open");
	close(master);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	int is(const char *n) { return strcmp(name, n) == 0; }
	int ends[2];

	limit(RLIMIT_CORE, 0);
	if (is("abort"))
		abort();
	if (is("fault"))
		*(volatile int *)0x10 = 1;
	if (is("alarm"))
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 10000}}, NULL);
	if (is("timer"))
		posix_timer();
	if (is("cpu"))
		for (limit(RLIMIT_CPU, 1);;)
			;
	if (is("pipe") && pipe(ends) == 0 && close(ends[0]) == 0)
		write(ends[1], "x", 1);
	if (is("file-size")) {
		limit(RLIMIT_FSIZE, 0);
		write(fileno(tmpfile()), "x", 1);
	}
	if (is("seccomp")) {
		forbid_getppid();
		syscall(SYS_getppid);
	}
	if (is("hang-up"))
		hang_up();
	if (is("handler"))
		signal(SIGTERM, again);
	puts("ready");
	fflush(stdout);
	wait_here();
}
