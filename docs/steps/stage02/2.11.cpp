#include <cstdio>
#include <iostream>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  base.priority_init(2);
  event jobs[] = {{base, -1, what::none, [] {}},
                  {base, -1, what::none, [] {}},
                  {base, -1, what::none, [] {}}};
  for (event& each : jobs) {
    each.priority_set(0);
    each.active(what::none);
  }
  base.for_each_event([&](const event_info& info) {
    std::printf("job %d becomes less urgent\n",
                static_cast<int>(info.ev - jobs));
    event& ev = jobs[info.ev - jobs];
    ev.del();
    ev.priority_set(1);
    ev.active(what::none);
    return true;
  });
  base.dump_events(std::cout);
}
