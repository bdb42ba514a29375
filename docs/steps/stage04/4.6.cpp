#include <signal.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base first;
  event_base second;
  event in_first = event::signal(first, SIGTERM, [] { std::puts("  first"); });
  event in_second =
      event::signal(second, SIGTERM, [] { std::puts("  second"); });
  in_first.add();
  in_second.add();
  for (const char* when : {"two bases wait for it", "the second has deleted"}) {
    std::printf("%s:\n", when);
    ::raise(SIGTERM);
    first.loop(loop_flags::nonblock);
    second.loop(loop_flags::nonblock);
    in_second.del();
  }
}
