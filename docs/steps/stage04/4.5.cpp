#include <signal.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

static void raise_and_turn(event_base& base, int times) {
  for (int i = 0; i < times; ++i) ::raise(SIGUSR1);
  base.loop(loop_flags::nonblock);
}

int main() {
  event_base base;
  int calls = 0;
  event usr1 = event::signal(base, SIGUSR1, [&calls] { ++calls; });
  usr1.add();
  for (const int times : {3, 1000}) {
    calls = 0;
    raise_and_turn(base, times);
    std::printf("signals: %d, calls: %d\n", times, calls);
  }
  usr1.del();
  event twice = event::signal(base, SIGUSR1, [&] {
    if (++calls == 2) twice.del();
  });
  twice.add();
  calls = 0;
  raise_and_turn(base, 3);
  std::printf(
      "signals: 3, calls until the event is deleted in the second: %d\n",
      calls);
}
