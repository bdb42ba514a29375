#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  event minute = event::timer(base, [] { std::puts("a minute is over"); });
  minute.add(1min);
  for (const auto second : {59s, 60s}) {
    moment = time_point(1h) + second;
    std::printf("after %d seconds:\n", static_cast<int>(second.count()));
    base.loop(loop_flags::nonblock);
  }
}
