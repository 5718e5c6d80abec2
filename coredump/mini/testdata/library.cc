// A shared library whose function throws, or calls back.
#include <stdexcept>
#include <string>

namespace library {
__attribute__((noinline)) void parse(const std::string &text, void (*back)(int)) {
	if (text.empty())
		throw std::runtime_error("nothing to parse");
	back(int(text.size()));
}
}
