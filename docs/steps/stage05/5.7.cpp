#include <algorithm>
#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base("epoll");
  event timer = event::timer(base, [] {});
  duration best = duration::max();
  for (int i = 0; i < 20; ++i) {
    const time_point start = clock::now();
    timer.add(100us);
    base.dispatch();
    best = std::min(best, clock::now() - start);
  }
  std::printf("0.1 ms take %s half a millisecond\n",
              best < 500us ? "less than" : "more than");
}
