#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  base.make_notifiable();
  const auto work = [&base] {
    for (int i = 0; i < 20'000; ++i) {
      event timer = event::timer(base, [] {});
      timer.add(1h);
      base.once(
          -1, what::none, [](int, what) {}, 1h + i * 1ms);
    }
  };
  std::thread other(work);
  work();
  other.join();
  base.self_check();
  std::printf("two threads have added %zu timers, and all are there\n",
              base.num_events(event_count::added));
}
