#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/sleeps.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

/// What is known of a slow_waker. The test's own.
class slow_waking {
 public:
  /// Waits until the loop sleeps.
  void await_sleep() { await(asleep_); }

  /// The base's end begins now.
  void end() { set(ending_); }

  /// Whether the backend was destroyed while a thread was inside notify().
  bool gone_too_early() const { return gone_too_early_; }

 private:
  friend class slow_waker;

  void set(bool& what_has_come) {
    const std::lock_guard lock(mutex_);
    what_has_come = true;
    changed_.notify_all();
  }
  void await(const bool& what_comes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&what_comes] { return what_comes; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool asleep_ = false;
  bool woken_ = false;
  bool ending_ = false;
  bool gone_ = false;
  bool gone_too_early_ = false;
};

/// A backend whose notify() ends the wait, but goes on until the base's end has
/// begun, and has had the time to come to this backend.
class slow_waker final : public eventop {
 public:
  explicit slow_waker(slow_waking& known) : known_(known) {}
  ~slow_waker() override { known_.set(known_.gone_); }

  const char* name() const noexcept override { return "slow"; }
  void add(int, what, what) override {}
  void del(int, what, what) noexcept override {}
  void prepare() override {}
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    if (!is_sleep(timeout)) return;
    known_.set(known_.asleep_);
    known_.await(known_.woken_);
  }
  std::span<const ready> collect() override { return {}; }
  bool add_notify() override { return true; }
  void notify() noexcept override {
    slow_waking& known = known_;  // this object may go
    known.set(known.woken_);
    known.await(known.ending_);
    std::unique_lock lock(known.mutex_);
    known.gone_too_early_ =
        known.changed_.wait_for(lock, 20ms, [&known] { return known.gone_; });
  }

 private:
  slow_waking& known_;  // the test's
};

/// What another thread may do so that the loop ends.
struct last_call {
  const char* name;
  void (*make)(event_base& base, event& only);
};

class LastCall : public ::testing::TestWithParam<last_call> {};
INSTANTIATE_TEST_SUITE_P(
    Calls, LastCall,
    ::testing::Values(
        last_call{"loopexit",
                  [](event_base& base, event&) { base.loopexit(); }},
        last_call{"loopbreak",
                  [](event_base& base, event&) { base.loopbreak(); }},
        last_call{"post",
                  [](event_base& base, event&) {
                    base.post([&base] { base.loopbreak(); });
                  }},
        last_call{"del", [](event_base&, event& only) { only.del(); }},
        last_call{"del_noblock",
                  [](event_base&, event& only) { only.del_noblock(); }},
        last_call{"remove_timer",
                  [](event_base&, event& only) { only.remove_timer(); }},
        last_call{"active",
                  [](event_base&, event& only) { only.active(what::none); }},
        last_call{"finalize",
                  [](event_base&, event& only) { only.finalize([] {}); }}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(LastCall, MayGoOnWhileTheLoopsThreadDestroysTheBase) {
  slow_waking known;
  auto base = std::make_unique<event_base>(std::make_unique<slow_waker>(known));
  base->make_notifiable();
  event only = event::timer(*base, [] {});
  only.add(24h);
  event_base& used = *base;
  std::thread loop([&] {
    base->dispatch();
    known.end();
    base.reset();
  });
  known.await_sleep();

  GetParam().make(used, only);

  loop.join();
  EXPECT_FALSE(known.gone_too_early());
}

class BaseEnd : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Backends, BaseEnd, ::testing::ValuesIn(backends),
                         backend_name);

/// Has a thread run a base of its own, and another end it by `call`, some
/// hundred times.
void end_many(const char* name, const std::function<void(event_base&)>& call) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<event_base*> running{nullptr};
    std::thread loop([&] {
      event_base base(make_backend(name));
      base.make_notifiable();
      event tick(base, -1, what::persist, [] {});
      tick.add(3us);
      running = &base;
      base.dispatch();
    });
    while (!running) std::this_thread::yield();
    call(*running);
    loop.join();
  }
}

TEST_P(BaseEnd, MayFollowAtOnceOnALoopexitOfAnotherThread) {
  end_many(GetParam(), [](event_base& base) { base.loopexit(); });
}

TEST_P(BaseEnd, MayFollowAtOnceOnATaskOfAnotherThread) {
  end_many(GetParam(),
           [](event_base& base) { base.post([&base] { base.loopbreak(); }); });
}

}  // namespace
}  // namespace evolve
