// crash MEGABYTES [ONCE [PORT]]: fills so much memory and crashes by a null pointer; with ONCE it
// waits for a signal instead if that file is there, which it makes. With PORT it listens there, as
// a server does, and ends with status 9 if it cannot.
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) static int handle_request(int *p) { return *p + 1; }
__attribute__((noinline)) static int serve(int *p) { return handle_request(p) + 1; }

static void listen_on(int port) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1))
		_exit(9);
}

int main(int argc, char **argv) {
	size_t size = strtoul(argv[1], NULL, 10) << 20;
	unsigned x = 1;
	if (argc > 3)
		listen_on(atoi(argv[3]));
	if (argc > 2) {
		int fd = open(argv[2], O_CREAT | O_EXCL | O_WRONLY, 0600);
		while (fd < 0)
			pause();
		close(fd);
	}
	unsigned *m = malloc(size + 4096);
	for (size_t i = 0; i < size / sizeof *m; i++) {
		x = x * 1664525 + 1013904223;
		m[i] = x;
	}
	return serve((int *)(size_t)(m[0] & 0 | 0x10)) + m[1];
}
