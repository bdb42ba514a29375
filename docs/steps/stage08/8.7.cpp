#include <atomic>
#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  event_base base;
  base.make_notifiable();
  std::atomic<bool> called{false};
  std::atomic<bool> deleted{false};
  event ev = event::timer(base, [&] {
    called = true;
    for (int ms = 0; !deleted && ms < 300; ++ms) {
      std::this_thread::sleep_for(1ms);
    }
    std::puts("the callback ends");
  });
  ev.add(0s);
  std::thread other([&] {
    while (!called) std::this_thread::yield();
    ev.del();
    std::puts("del() has returned");
    deleted = true;
  });
  base.dispatch();
  other.join();
}
