#include <cstdio>
#include <list>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  common_timeout& idle = base.init_common_timeout(30s);
  std::list<event> connections;
  int dropped = 0;
  for (int i = 0; i < 1000; ++i) {
    connections.emplace_back(base, -1, what::none, [&] { ++dropped; });
    connections.back().add(idle);
    moment += 10ms;
  }
  connections.front().add(idle);  // a sign of life
  moment = time_point(1h) + 31s;
  base.loop(loop_flags::nonblock);
  std::printf("after 31 seconds %d of 1000 are dropped\n", dropped);
  return &base.init_common_timeout(30s) == &idle ? 0 : 1;
}
