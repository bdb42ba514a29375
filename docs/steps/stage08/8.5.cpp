#include <cstdio>
#include <memory>
#include <thread>

#include "evolve/epoll.h"
#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

// An epoll that counts how often the loop waits.
struct counted final : epoll {
  explicit counted(int& waits) : waits_(waits) {}
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    ++waits_;
    epoll::wait(timeout);
  }
  int& waits_;
};

int main() {
  int waits = 0;
  event_base base(std::make_unique<counted>(waits));
  base.make_notifiable();
  event end = event::timer(base, [&base] { base.loopbreak(); });
  end.add(300ms);
  std::thread other([&base] {
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(10ms);  // the loop sleeps again
      base.once(
          -1, what::none, [](int, what) {}, 1h);
    }
  });
  base.dispatch();
  other.join();
  std::printf("10 later timers, %s\n",
              waits == 1 ? "and the loop slept" : "and the loop woke for them");
}
