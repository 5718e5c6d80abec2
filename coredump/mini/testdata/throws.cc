// Throws out of main through a shared library, or with an argument waits below it.
#include <cstdio>
#include <string>
#include <unistd.h>

namespace library { void parse(const std::string &, void (*)(int)); }

static void waits(int) {
	std::puts("ready");
	std::fflush(stdout);
	for (;;)
		pause();
}

__attribute__((noinline)) static int handle(const std::string &text) {
	library::parse(text, waits);
	return 1;
}

int main(int argc, char **argv) { return handle(argc > 1 ? argv[1] : "") + 1; }
