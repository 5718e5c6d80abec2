// Waits in vfork(2) for a child that waits for its standard input to end.
#define _GNU_SOURCE
#include <unistd.h>

int main(void) {
	char c;
	if (vfork() == 0) {
		write(1, "ready\n", 6);
		while (read(0, &c, 1) > 0)
			;
		_exit(0);
	}
	return 0;
}
