// Sends signals in the ways that its arguments name, and prints what its processes saw of them:
//
//	got PID NSPID SIGNAL CODE SENDER VALUE    a handler ran; of SIGCHLD the value is si_status
//	ended PID STATUS                          waitpid(2)
//	failed PID CALL TARGET SIGNAL ERRNO       a call failed
//	inside PID NSPID                          a process that the end of its namespace is to end
//
// PID is that of the PID namespace that /proc is of, NSPID the own one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct line {
	char what;
	int pid, nspid, signal, code, sender;
	long value;
	const char *call;
};

static struct shared {
	int used;
	struct line lines[1000];
} *shared; // by all processes

static int self; // as /proc has it
static volatile int count; // of handlers that ran in this process

static void identify(void) {
	char text[20] = "";
	if (readlink("/proc/self", text, sizeof text - 1) < 0) exit(100);
	self = atoi(text);
}

static struct line *add(char what, int pid) {
	struct line *l = &shared->lines[__atomic_fetch_add(&shared->used, 1, __ATOMIC_SEQ_CST)];
	l->what = what;
	l->pid = pid;
	return l;
}

static void on(int signal, siginfo_t *i, void *context) {
	(void)context;
	struct line *l = add('g', self);
	l->nspid = getpid();
	l->signal = signal;
	l->code = i->si_code;
	l->sender = i->si_pid;
	l->value = signal == SIGCHLD ? i->si_status : (long)i->si_value.sival_ptr;
	count++;
}

static void handle(int signal) {
	struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigfillset(&a.sa_mask);
	sigaction(signal, &a, 0);
}

static void mask(int how, int signal) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(how, &set, 0);
}

// await waits until so many handlers have run; all is blocked meanwhile, but in sigsuspend.
static void await(int n) {
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	while (count < n) sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, 0);
}

static void ended(int pid) {
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) exit(101);
	add('e', pid)->value = status;
}

static void failed(const char *call, int target, int signal, long result) {
	int error = errno;
	if (result != -1) exit(102);
	struct line *l = add('f', self);
	l->call = call;
	l->sender = target;
	l->signal = signal;
	l->value = error;
}

static int child(void) {
	int pid = fork();
	if (pid < 0) exit(103);
	if (pid == 0) {
		identify();
		count = 0;
	}
	return pid;
}

static void sent(void) {
	kill(getpid(), SIGUSR1);
	syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR2);
	raise(SIGHUP);
	for (long i = 1; i <= 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_ptr = (void *)(i * 1000000007)});
	sigqueue(getpid(), SIGUSR1, (union sigval){.sival_ptr = (void *)42});
	mask(SIG_BLOCK, SIGRTMIN + 2);
	for (long i = 0; i < 3; i++) sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_ptr = (void *)i});
	mask(SIG_UNBLOCK, SIGRTMIN + 2);
	int fd = syscall(SYS_pidfd_open, getpid(), 0);
	syscall(SYS_pidfd_send_signal, fd, SIGUSR2, 0, 0);
	siginfo_t i = {.si_signo = SIGRTMIN + 3, .si_code = SI_QUEUE};
	i.si_pid = getpid();
	i.si_value.sival_ptr = (void *)7;
	syscall(SYS_pidfd_send_signal, fd, SIGRTMIN + 3, &i, 0);
	close(fd);
}

static int before; // of count, when the other thread began

static void *other(void *ready) {
	write(*(int *)ready, "x", 1);
	while (count == before) usleep(100);
	return 0;
}

// To another thread.
static void thread(void) {
	pthread_t t;
	char c;
	int p[2];
	if (pipe(p)) exit(104);
	before = count;
	pthread_create(&t, 0, other, &p[1]);
	read(p[0], &c, 1);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, 0);
}

static long milliseconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// A timer that expires more often than it is handled.
static void timer(void) {
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4, .sigev_value.sival_ptr = (void *)4711};
	struct itimerspec often = {{0, 1000000}, {0, 1000000}}, never = {0};
	timer_t t;
	int before = count;
	mask(SIG_BLOCK, SIGRTMIN + 4);
	timer_create(CLOCK_MONOTONIC, &e, &t);
	timer_settime(t, 0, &often, 0);
	for (long start = milliseconds(); milliseconds() < start + 10;) usleep(1000);
	mask(SIG_UNBLOCK, SIGRTMIN + 4);
	await(before + 1);
	timer_settime(t, 0, &never, 0);
	timer_delete(t);
}

static void clocks(void) {
	int which[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	for (int i = 0; i < 3; i++) {
		struct itimerval v = {.it_value.tv_usec = 1000};
		int before = count;
		setitimer(which[i], &v, 0);
		while (count == before)
			if (i == 0) usleep(100);
	}
	int before = count;
	alarm(1);
	await(before + 1);
}

// A child that stops itself, is continued, and killed when it goes on.
static void stopped(void) {
	int p[2], before = count;
	char c;
	if (pipe(p)) exit(104);
	int pid = child();
	if (pid == 0) {
		kill(getpid(), SIGSTOP);
		write(p[1], "x", 1);
		for (;;) pause();
	}
	await(before + 1);
	kill(pid, SIGCONT);
	await(before + 2);
	read(p[0], &c, 1);
	kill(pid, SIGKILL);
	await(before + 3);
	ended(pid);
}

static void children(void) {
	int pid, before = count;
	if ((pid = child()) == 0) _exit(7);
	await(before + 1);
	ended(pid);
	signal(SIGCONT, SIG_DFL);
	stopped();
	handle(SIGCONT);
}

// Children that block and ignore SIGCONT go on, too.
static void continued(void) {
	mask(SIG_BLOCK, SIGCONT);
	stopped();
	mask(SIG_UNBLOCK, SIGCONT);
	signal(SIGCONT, SIG_IGN);
	stopped();
	handle(SIGCONT);
}

// A child that asks for a signal when its parent ends.
static void parent(void) {
	int p[2], q[2], before = count;
	char c;
	if (pipe(p) || pipe(q)) exit(104);
	int middle = child();
	if (middle == 0) {
		if (child() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR2);
			write(q[1], "x", 1);
			await(1);
			write(p[1], &self, sizeof self);
			_exit(0);
		}
		read(q[0], &c, 1);
		_exit(0);
	}
	ended(middle);
	int orphan;
	read(p[0], &orphan, sizeof orphan);
	ended(orphan);
	await(before + 1);
}

static void faults(void) {
	int pid, p[2];
	if (pipe(p)) exit(104);
	close(p[0]);
	write(p[1], "x", 1); // SIGPIPE
	close(p[1]);
	if ((pid = child()) == 0) {
		struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESETHAND};
		sigaction(SIGSEGV, &a, 0);
		*(volatile int *)16 = 1; // and once more, after the handler
	}
	ended(pid);
	if ((pid = child()) == 0) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	ended(pid);
	if ((pid = child()) == 0) {
		signal(SIGTERM, SIG_DFL);
		raise(SIGTERM);
	}
	ended(pid);
}

// ^C in a terminal, then the end of the terminal.
static void terminal(void) {
	int master = posix_openpt(O_RDWR | O_NOCTTY), p[2];
	char c;
	if (master < 0 || grantpt(master) || unlockpt(master) || pipe(p)) exit(105);
	int pid = child();
	if (pid == 0) {
		setsid();
		int slave = open(ptsname(master), O_RDWR); // now its terminal
		close(master);
		if (slave < 0) exit(106);
		write(p[1], "x", 1);
		await(1);
		write(p[1], "x", 1);
		await(3); // SIGHUP and SIGCONT
		_exit(0);
	}
	read(p[0], &c, 1);
	write(master, "\003", 1);
	read(p[0], &c, 1);
	close(master);
	ended(pid);
}

static void refused(void) {
	int pid = child();
	if (pid == 0) _exit(0);
	int fd = syscall(SYS_pidfd_open, pid, 0);
	ended(pid);
	failed("kill", pid, SIGTERM, kill(pid, SIGTERM));
	failed("tgkill", self, SIGUSR1, syscall(SYS_tgkill, getpid(), pid, SIGUSR1));
	failed("tkill", pid, SIGUSR1, syscall(SYS_tkill, pid, SIGUSR1));
	failed("rt_sigqueueinfo", pid, SIGUSR2, sigqueue(pid, SIGUSR2, (union sigval){0}));
	failed("pidfd_send_signal", pid, SIGHUP, syscall(SYS_pidfd_send_signal, fd, SIGHUP, 0, 0));
	if (geteuid() != 0) return;
	int above = self;
	if ((pid = child()) == 0) {
		if (setresuid(65534, 65534, 65534)) exit(107);
		failed("kill", above, SIGTERM, kill(above, SIGTERM));
		_exit(0);
	}
	ended(pid);
}

// inside is PID 1 of a namespace.
static int inside(void *ready) {
	char c;
	int *p = ready;
	identify();
	count = 0;
	int pid = child();
	if (pid == 0) {
		sigqueue(1, SIGRTMIN + 1, (union sigval){.sival_ptr = (void *)(long)self});
		_exit(0);
	}
	await(1);
	if ((pid = child()) == 0) {
		add('i', self)->nspid = getpid();
		write(p[1], "x", 1);
		for (;;) pause();
	}
	await(3); // and SIGCHLD, and what comes from outside
	read(p[2], &c, 1);
	_exit(0);
}

static void namespace(void) {
	static char stack[1 << 16];
	int p[4];
	char c;
	if (pipe(p) || pipe(p + 2)) exit(104);
	int pid = clone(inside, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, p);
	if (pid < 0) exit(108);
	read(p[0], &c, 1);
	sigqueue(pid, SIGRTMIN + 2, (union sigval){.sival_ptr = (void *)(long)self});
	write(p[3], "x", 1);
	ended(pid);
}

static void print(void) {
	for (struct line *l = shared->lines; l < shared->lines + shared->used; l++) {
		switch (l->what) {
		case 'g': printf("got %d %d %d %d %d %ld\n", l->pid, l->nspid, l->signal, l->code, l->sender, l->value); break;
		case 'e': printf("ended %d %ld\n", l->pid, l->value); break;
		case 'f': printf("failed %d %s %d %d %ld\n", l->pid, l->call, l->sender, l->signal, l->value); break;
		case 'i': printf("inside %d %d\n", l->pid, l->nspid); break;
		}
	}
}

int main(int n, char **arguments) {
	static const struct { const char *name; void (*act)(void); } ways[] = {
		{"sent", sent}, {"thread", thread}, {"timer", timer}, {"clocks", clocks}, {"children", children}, {"continued", continued}, {"parent", parent},
		{"faults", faults}, {"terminal", terminal}, {"refused", refused}, {"namespace", namespace},
	};
	if (n < 3 || !freopen(arguments[1], "w", stdout)) return 2;
	shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	identify();
	for (int s = 1; s <= SIGRTMAX; s++) handle(s);
	for (int i = 2; i < n; i++)
		for (unsigned w = 0; w < sizeof ways / sizeof *ways; w++)
			if (strcmp(arguments[i], ways[w].name) == 0) ways[w].act();
	print();
	return 0;
}
