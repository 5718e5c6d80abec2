// Has a large heap, loads a library late, whose entry in the dynamic linker's list is in that
// heap then, and crashes in it.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static void fill(void) {
	for (int i = 0; i < 20000; i++)
		memset(malloc(500), i, 500);
}

// Not in main, whose registers would point at the entry.
__attribute__((noinline)) static int (*load(void))(int *) {
	void *library = dlopen("liblate.so", RTLD_NOW);
	return library == NULL ? NULL : (int (*)(int *))dlsym(library, "crash_late");
}

int main(void) {
	fill();
	int (*volatile crash)(int *) = load();
	fill();
	return crash(NULL) + 1;
}
