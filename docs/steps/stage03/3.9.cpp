#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static time_point moment(1h);  // what time it is

int main() {
  event_base base;
  base.set_clock([] { return moment; });
  event a(base, 'A', what::none, [] { std::puts("A is dropped"); });
  event b(base, 'B', what::none, [] { std::puts("B is dropped"); });
  event c(base, 'C', what::none, [] { std::puts("C is dropped"); });
  const auto show = [&base](const char* when) {
    std::printf("%-16s", when);
    base.for_each_event([](const event_info& timer) {
      const auto second = (*timer.deadline - time_point(1h)) / 1s;
      std::printf("  %c due at %d", timer.fd, static_cast<int>(second));
      return true;
    });
    std::puts("");
  };
  const auto turn_at = [&base](duration second) {
    moment = time_point(1h) + second;
    base.loop(loop_flags::nonblock);
  };
  a.add(30s), b.add(31s), c.add(32s);
  show("three are added");
  turn_at(10s), a.add(30s), show("10: A speaks");
  turn_at(12s), b.add(30s), show("12: B speaks");
  turn_at(30s), show("30: a turn");
  turn_at(32s), show("32: a turn");
}
