#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <list>

#include "evolve/event_base.h"

using namespace evolve;

// The fastest of 100 turns with so many descriptors, on which nothing happens.
static duration turn(int watched) {
  event_base base;
  int ends[2];
  if (::pipe(ends) != 0) return {};
  std::list<event> idle;
  for (int i = 0; i < watched; ++i) {
    idle.emplace_back(base, ::dup(ends[0]), what::read, [] {});
    idle.back().add();
  }
  duration best = duration::max();
  for (int i = 0; i < 100; ++i) {
    const time_point start = clock::now();
    base.loop(loop_flags::nonblock);
    best = std::min(best, clock::now() - start);
  }
  return best;
}

int main() {
  std::printf("waits with %s\n", event_base().method());
  const bool longer = turn(800) > 3 * turn(10);
  std::printf("a turn with 800 descriptors takes %s as one with 10\n",
              longer ? "several times as long" : "as long");
}
