// crash MEGABYTES [ONCE]: fills so much memory and crashes by a null pointer; with ONCE it waits
// for a signal instead if that file is there, which it makes.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) static int handle_request(int *p) { return *p + 1; }
__attribute__((noinline)) static int serve(int *p) { return handle_request(p) + 1; }

int main(int argc, char **argv) {
	size_t size = strtoul(argv[1], NULL, 10) << 20;
	unsigned x = 1;
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
