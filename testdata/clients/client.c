/* A client of supervise in C: client RUNTIME_DIR '{"verb":"status"}'
   prints the answers, one a line. It exits 3 when no supervise runs there. How to talk to
   it is described in supervisor/control/doc.go. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 1, NEXT = 2, REPLY = 4, LAST = 1, HEADER = 24, MOST = 65536 };

static struct message {
	long type;
	uint8_t version, kind;
	uint16_t flags;
	uint32_t client;
	uint64_t request;
	uint32_t part, parts;
	char payload[MOST - HEADER];
} m;

static int sending(int queue, int kind, uint32_t client, uint64_t request, const char *text)
{
	size_t n = strlen(text);
	if (n > sizeof m.payload)
		return errno = E2BIG, -1;
	m = (struct message){.type = 1, .version = 1, .kind = kind, .client = client, .request = request, .parts = 1};
	memcpy(m.payload, text, n);
	return msgsnd(queue, &m, HEADER + n, 0);
}

int main(int argc, char **argv)
{
	char path[4096];
	int requests, replies, size, owner;
	if (argc != 3)
		return fprintf(stderr, "usage: client RUNTIME_DIR REQUEST\n"), 2;
	snprintf(path, sizeof path, "%s/msgq.json", argv[1]);
	FILE *file = fopen(path, "r");
	if (!file || fscanf(file, "{\"version\":1,\"request\":%d,\"reply\":%d,\"size\":%d,\"owner\":{\"pid\":%d",
			&requests, &replies, &size, &owner) != 4 || (kill(owner, 0) && errno == ESRCH))
		return fprintf(stderr, "no supervise runs in %s\n", argv[1]), 3;

	uint32_t client = (uint32_t)getpid() << 9;
	uint64_t request = (uint64_t)time(NULL) << 20; /* none of an earlier process with this pid */
	if (sending(requests, REQUEST, client, request, argv[2]))
		return perror("msgsnd"), 1;
	for (;;) {
		ssize_t n = msgrcv(replies, &m, MOST, client, 0);
		if (n < HEADER && (n >= 0 || errno == EINTR))
			continue;
		if (n < 0)
			return perror("msgrcv"), 1;
		if (m.version != 1 || m.kind != REPLY || m.request != request)
			continue;
		fwrite(m.payload, 1, n - HEADER, stdout);
		if (m.part + 1 == m.parts) {
			putchar('\n');
			if (m.flags & LAST)
				return 0;
		}
		if (sending(requests, NEXT, client, request, ""))
			return perror("msgsnd"), 1;
	}
}
