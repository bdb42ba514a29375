#include <atomic>
#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static std::atomic<time_point> moment{time_point(1h)};  // what time it is

int main() {
  event_base base;
  base.make_notifiable();
  base.set_clock([] { return moment.load(); });
  event reply = event::timer(base, [] {});
  event work = event::timer(base, [&] {
    static_cast<void>(base.now());  // read once for this callback
    moment = moment.load() + 10s;  // the callback works so long
    std::thread([&reply] { reply.add(5s); }).join();
  });
  work.add(0s);
  base.loop(loop_flags::nonblock);
  const auto left = *reply.deadline() - moment.load();
  std::printf("a timer of 5 s, just added, has %lld s left\n",
              static_cast<long long>(left / 1s));
}
