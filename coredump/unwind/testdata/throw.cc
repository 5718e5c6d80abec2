// An exception that nobody catches.
#include <string>
#include <vector>
#include <stdexcept>

struct Account {
  std::vector<std::string> entries;
  ~Account() noexcept { entries.clear(); }
  __attribute__((noinline)) const std::string &at(int i) const {
    if (i > 1000) throw std::runtime_error("too many");
    return entries.at(i);
  }
};

__attribute__((noinline)) int lookUp(const Account &a, int i) {
  std::string text = a.at(i);
  return text.size();
}

__attribute__((noinline)) int outer(int n) {
  Account a;
  a.entries.push_back("one");
  return lookUp(a, n) + n;
}

int main(int argc, char **) { return outer(argc * 5); }
