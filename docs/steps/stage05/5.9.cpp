#include <unistd.h>

#include <cstdio>
#include <list>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_config config;
  config.set_max_dispatch_interval({.callbacks = 2, .min_priority = 1});
  event_base base(config);
  base.priority_init(2);
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event urgent(base, ends[0], what::read, [] { std::puts("urgent"); });
  urgent.priority_set(0);
  urgent.add();
  std::list<event> chores;
  for (int i = 1; i <= 5; ++i) {
    chores.emplace_back(base, -1, what::none, [&ends, i] {
      std::printf("chore %d\n", i);
      if (i == 1 && ::write(ends[1], "x", 1) != 1) std::puts("cannot write");
    });
    chores.back().priority_set(1);
    chores.back().active(what::timeout);
  }
  base.dispatch();
}
