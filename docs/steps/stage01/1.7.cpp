#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  int ends[2], calls = 0;
  if (::pipe(ends) != 0) return 1;
  event input(base, ends[0], what::read | what::persist, [&](what fired) {
    std::printf("  called for: %s\n", to_string(fired).c_str());
    if (any(fired) || ++calls % 3 == 0) input.del();
  });
  for (const int end : {1, 0}) {
    input.add();
    ::close(ends[end]);
    std::printf("%s end is closed\n", end == 1 ? "the other" : "this");
    base.dispatch();
  }
  event typo(base, 1000, what::read, [] {});
  std::puts("a number that was never open");
  try {
    typo.add();
    std::puts("  is added");
  } catch (const std::system_error& why) {
    std::printf("  is refused: %s\n", why.what());
  }
}
