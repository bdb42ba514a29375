#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  event idle = event::timer(base, [] { std::puts("  nobody is there: drop"); });
  event news = event::timer(base, [&] {
    std::puts("  a sign of life: 30 seconds more");
    idle.add(30s);
  });
  news.add(30s);
  idle.add(30s);  // both are due in the same turn
  for (int turn = 1; turn <= 2; ++turn) {
    moment += 30s;
    std::printf("after %d seconds\n", 30 * turn);
    base.loop(loop_flags::nonblock);
  }
}
