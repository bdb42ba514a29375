#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  int ticks = 0;
  event tick(base, -1, what::persist, [&] { ++ticks; });
  tick.add(100ms);
  for (int turn = 1; turn <= 5; ++turn) {
    moment += 101ms;  // the loop is always a little late
    base.loop(loop_flags::nonblock);
    std::printf("%d: called %d times", 101 * turn, ticks);
    if (const auto next = tick.deadline()) {
      const auto since = (*next - time_point(1h)) / 1ms;
      std::printf(", the next time at %d", static_cast<int>(since));
    }
    std::puts("");
  }
}
