#include <stdexcept>
#include <string>

namespace web {
struct Server {
	template <class T> __attribute__((noinline)) void handle(T n, const std::string &what) {
		if (n > 0) throw std::runtime_error(what);
	}
	__attribute__((noinline)) int serve(int n) {
		handle(n, std::string("bad request"));
		return n;
	}
};
}  // namespace web

int main() {
	web::Server s;
	return s.serve(3);
}
