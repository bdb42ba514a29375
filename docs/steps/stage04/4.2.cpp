#include <signal.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static bool armed = false;

static time_point read_clock() {
  if (armed) ::raise(SIGUSR1);  // after the loop's last look, before its sleep
  armed = false;
  return clock::now();
}

int main() {
  event_base base;
  base.set_clock(read_clock);
  event usr1 = event::signal(base, SIGUSR1, [] {});
  event rescue = event::timer(base, [] {});
  usr1.add();
  rescue.add(1s);
  armed = true;
  const auto begin = clock::now();
  base.loop(loop_flags::once);
  const auto ms = (clock::now() - begin) / 1ms;
  std::printf("the signal's callback was called after %d ms: %s\n",
              static_cast<int>(ms), ms < 500 ? "good" : "slept over");
}
