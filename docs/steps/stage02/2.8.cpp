#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

static void run(const char* title, bool early) {
  event_base base;
  base.priority_init(2);
  event urgent(base, -1, what::none, [] { std::puts("  urgent"); });
  urgent.priority_set(0);
  event first(base, -1, what::none, [&] {
    std::puts("  first");
    urgent.active(what::none);
    base.loopexit();
  });
  event second(base, -1, what::none, [] { std::puts("  second"); });
  first.active(what::none);
  second.active(what::none);
  std::printf("%s:\n", title);
  if (early) base.loopbreak();
  base.loop();
  std::printf("  still due: %zu\n", base.num_events(event_count::active));
}

int main() {
  run("break before the start", true);
  run("exit in a callback", false);
}
