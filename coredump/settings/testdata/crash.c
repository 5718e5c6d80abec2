// Gets itself into a state, says "ready", and crashes when it reads something.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void limit(int what, const char *value) {
	struct rlimit l;
	getrlimit(what, &l);
	l.rlim_cur = strtoul(value, 0, 0);
	if (setrlimit(what, &l)) { perror("setrlimit"); exit(2); }
}

static void handler(int n) { (void)n; _exit(3); }

int main(int argc, char **argv) {
	char byte;
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (!value) return 2;
		*value++ = 0;
		int failed = 0;
		if (!strcmp(argv[i], "core")) limit(RLIMIT_CORE, value);
		else if (!strcmp(argv[i], "fsize")) limit(RLIMIT_FSIZE, value);
		else if (!strcmp(argv[i], "setuid")) failed = setgid(atoi(value)) || setuid(atoi(value));
		else if (!strcmp(argv[i], "seteuid")) failed = seteuid(atoi(value));
		else if (!strcmp(argv[i], "dumpable")) failed = prctl(PR_SET_DUMPABLE, atoi(value), 0, 0, 0);
		else if (!strcmp(argv[i], "umask")) umask(strtol(value, 0, 8));
		else if (!strcmp(argv[i], "chdir")) failed = chdir(value);
		else if (!strcmp(argv[i], "rmdir")) failed = rmdir(value);
		else if (!strcmp(argv[i], "catch")) signal(atoi(value), handler);
		else if (!strcmp(argv[i], "name")) failed = prctl(PR_SET_NAME, value, 0, 0, 0);
		else return 2;
		if (failed) { perror(argv[i]); return 2; }
	}
	if (write(1, "ready\n", 6) != 6 || read(0, &byte, 1) != 1) return 2;
	kill(getpid(), SIGSEGV);
	return 4;
}
