#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  const auto begin = clock::now();
  duration passed{};
  event timer = event::timer(base, [&] { passed = clock::now() - begin; });
  event work(base, -1, what::none, [] { std::this_thread::sleep_for(250ms); });
  event start(base, -1, what::none, [&] {
    timer.add(300ms);
    work.active(what::none);  // in the next turn, and for 250 ms
  });
  start.active(what::none);
  base.dispatch();
  std::printf("a timer of 300 ms is called after %d ms: %s\n",
              static_cast<int>(passed / 1ms), passed < 500ms ? "good" : "late");
  return passed < 500ms ? 0 : 1;
}
