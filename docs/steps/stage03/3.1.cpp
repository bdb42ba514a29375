#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  const auto begin = clock::now();
  const auto say = [&](const char* which) {
    const std::chrono::duration<double, std::milli> ms = clock::now() - begin;
    std::printf("%s after %.1f ms\n", which, ms.count());
  };
  event late = event::timer(base, [&] { say("late"); });
  event soon = event::timer(base, [&] { say("soon"); });
  late.add(80ms);
  soon.add(20ms);
  base.dispatch();
  std::puts("nothing is left to wait for");
}
