#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "evolve/event_base.h"

using namespace evolve;

class script final : public eventop {  // 0 and 1 are ready, but only once
  const char* name() const noexcept override { return "script"; }
  void add(int, what, what) override {}
  void del(int, what, what) noexcept override {}
  void prepare() override { now_ = std::exchange(next_, {}); }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    std::puts(timeout ? "the loop only looks" : "the loop sleeps");
  }
  std::span<const ready> collect() override { return now_; }

  std::vector<ready> now_, next_ = {{0, what::read, 0}, {1, what::read, 0}};
};

static void run(event_base& base) try {
  base.dispatch();
} catch (const std::exception& why) {
  std::printf("dispatch throws: %s\n", why.what());
}

int main() {
  event_base base(std::make_unique<script>());
  event one(base, 0, what::read, [] { throw std::runtime_error("bad luck"); });
  event two(base, 1, what::read, [&] {
    std::puts("the second one is called, and runs the loop");
    run(base);
  });
  one.add(), two.add();
  run(base), run(base);
}
