#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  int turns = 0;
  event tick(base, -1, what::persist, [&] {
    moment += 10ms;
    ++turns;
  });
  tick.add(0ms);  // in each turn
  base.loopexit(50ms);
  base.dispatch();
  std::printf("%d turns, then %s; %zu event is left\n", turns,
              base.got_exit() ? "exit" : "the end",
              base.num_events(event_count::added));
}
