#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  base.make_notifiable();
  std::thread worker([&base] {
    for (int i = 1; i <= 3; ++i) {
      auto result = std::make_unique<int>(i * i);
      base.post([result = std::move(result)] {
        std::printf("the loop gets %d\n", *result);
      });
    }
    base.post([&base] { base.loopexit(); });
  });
  base.loop(loop_flags::no_exit_on_empty);
  worker.join();
}
