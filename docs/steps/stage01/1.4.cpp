#include <unistd.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "evolve/event_base.h"

using namespace evolve;

static void add(const char* which, event& ev) try {
  ev.add();
  std::printf("%s is added\n", which);
} catch (const std::exception& why) {
  std::printf("%s is refused: %s\n", which, why.what());
}

int main() {
  event_base base;
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], "!", 1) != 1) return 1;
  const auto nothing = [](int, what) {};
  std::optional<event> one(std::in_place, base, ends[0], what::read,
                           [](int, what) { std::puts("the first is called"); });
  event two(base, ends[0], what::read, nothing);
  event idle(base, ends[0], what::persist, nothing);
  add("the first", *one);
  add("a second on its descriptor", two);
  add("an event for nothing", idle);
  two.del(), idle.del();
  one->del(), one->add();  // the only event now
  one.reset();
  std::puts("the first is destroyed");
  base.dispatch();
}
