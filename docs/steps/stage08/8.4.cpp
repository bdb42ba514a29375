#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  base.make_notifiable();
  event hour = event::timer(base, [] {});
  event soon = event::timer(base, [&base] {
    std::puts("the timer that a thread has added is called");
    base.loopbreak();
  });
  hour.add(1h);
  ::signal(SIGALRM, [](int) { ::_exit(::write(1, "asleep\n", 7) > 0); });
  ::alarm(1);
  std::thread other([&soon] {
    std::this_thread::sleep_for(100ms);  // the loop is asleep by then
    soon.add(1ms);
  });
  base.dispatch();
  other.join();
}
