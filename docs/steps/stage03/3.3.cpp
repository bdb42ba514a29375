#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  base.set_clock([] { return time_point(1h); });
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event input(base, ends[0], what::read, [] {});
  input.add(30s);
  std::printf("one event is added, %zu counted\n",
              base.num_events(event_count::added));
  event closed(base, 1000, what::read, [] {});
  try {
    closed.add(10s);
  } catch (const std::system_error&) {
    std::printf("a closed descriptor is refused; the event waits for: %s\n",
                to_string(closed.pending()).c_str());
  }
  input.del();
  event timer = event::timer(base, [] {});
  timer.add(20s);
  base.dump_events(std::cout);
}
