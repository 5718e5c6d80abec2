// Has as many children that it does not wait for as the argument says.
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
		if (!fork()) _exit(0);
	for (;;) pause();
}
