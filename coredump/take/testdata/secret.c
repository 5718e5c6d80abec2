// Has one thing in memory that is not to be dumped, and one that is.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
	char *secret = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *gap = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	// Made in pieces, as the program's text is mapped too.
	strcpy(secret, "password=");
	strcat(secret, "Tr0ub4dor");
	strcpy(plain, "plain=");
	strcat(plain, "text");
	madvise(secret, 4096, MADV_DONTDUMP);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
	return gap != NULL;
}
