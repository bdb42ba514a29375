#include <cstdio>
#include <list>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  std::list<event> timers;
  for (int i = 0; i < 10; ++i) {  // ten deadlines that are equal
    timers.emplace_back(base, -1, what::none, [i] { std::printf(" %d", i); });
    timers.back().add(10ms);
  }
  std::printf("called:");
  moment += 10ms;
  base.loop(loop_flags::nonblock);
  std::puts("");
}
