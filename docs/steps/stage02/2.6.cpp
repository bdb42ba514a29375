#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  base.priority_init(2);
  event urgent(base, -1, what::none, [] { std::puts("urgent"); });
  urgent.priority_set(0);
  event first(base, -1, what::none, [&] {
    std::puts("first, which makes the urgent event due");
    urgent.active(what::none);
  });
  event second(base, -1, what::none, [] { std::puts("second"); });
  event third(base, -1, what::none, [] { std::puts("third"); });
  for (event* each : {&first, &second, &third}) each->active(what::none);
  base.dispatch();
}
