#include <poll.h>

#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  pollfd outer{base.backend_fd(), POLLIN, 0};
  bool done = false;
  event timer = event::timer(base, [] { std::puts("a timer"); });
  timer.add(1ms);
  std::thread worker([&base, &done] {
    std::this_thread::sleep_for(50ms);
    base.post([&done] {
      std::puts("work of another thread");
      done = true;
    });
  });
  while (!done) {  // the other loop
    ::poll(&outer, 1, timeout_ms(base.begin_wait()));
    base.loop(loop_flags::nonblock);
  }
  worker.join();
}
