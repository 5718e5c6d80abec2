// Says where some functions are, and waits.
#include <cstdio>
#include <sys/mman.h>
#include <unistd.h>

extern "C" void in_library(int);
extern "C" void exported(int s) { (void)s; }
static void hidden(int s) { std::printf("%d\n", s); }
namespace web { struct Server { static void handle(int s) { hidden(s); } }; }

int main() {
	void *made = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	std::printf("%lx %lx %lx %lx %lx\n", (unsigned long)exported, (unsigned long)hidden, (unsigned long)web::Server::handle, (unsigned long)in_library, (unsigned long)made);
	std::fflush(stdout);
	for (;;) pause();
}
