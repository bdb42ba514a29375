/// \file
/// Backends that tell when the loop sleeps, for tests of what wakes it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "evolve/event_base.h"

namespace evolve {

/// What is known of a loop's sleeps: the waits that may last. The test's own.
class sleeps {
 public:
  /// Waits until the loop has begun its `nth` sleep, 1 being the first: it has
  /// let go of its base's lock then, and a thread with news has to wake it.
  void await(int nth = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= nth; });
  }

  /// How many sleeps there have been.
  int count() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

  /// How often notify() was called.
  int notified() const {
    const std::lock_guard lock(mutex_);
    return notified_;
  }

  std::function<void()> meanwhile;  ///< if set, what happens in each sleep

 private:
  friend class announcing_eventop;
  friend class sleeping_eventop;

  void begin() {
    {
      const std::lock_guard lock(mutex_);
      ++begun_;
    }
    changed_.notify_all();
    if (meanwhile) meanwhile();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  int notified_ = 0;
  bool woken_ = false;  // since the last sleep
};

inline bool is_sleep(std::optional<std::chrono::nanoseconds> timeout) {
  return timeout != std::chrono::nanoseconds(0);
}

/// Another backend, whose sleeps are told of.
class announcing_eventop final : public eventop {
 public:
  announcing_eventop(std::unique_ptr<eventop> real, sleeps& asleep)
      : real_(std::move(real)), asleep_(asleep) {}

  const char* name() const noexcept override { return real_->name(); }
  feature features() const noexcept override { return real_->features(); }
  void add(int fd, what old, what now) override { real_->add(fd, old, now); }
  void del(int fd, what old, what now) noexcept override {
    real_->del(fd, old, now);
  }
  void prepare() override { real_->prepare(); }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    if (is_sleep(timeout)) asleep_.begin();
    real_->wait(timeout);
  }
  std::span<const ready> collect() override { return real_->collect(); }
  void reinit() override { real_->reinit(); }
  bool add_signal(int signo) override { return real_->add_signal(signo); }
  void del_signal(int signo) noexcept override { real_->del_signal(signo); }
  bool changes_at_once() const noexcept override {
    return real_->changes_at_once();
  }
  bool add_notify() override { return real_->add_notify(); }
  void notify() noexcept override { real_->notify(); }

 private:
  std::unique_ptr<eventop> real_;  // the backend that waits
  sleeps& asleep_;  // the test's
};

/// A backend whose sleeps only notify() ends, however long they were to be.
class sleeping_eventop final : public eventop {
 public:
  explicit sleeping_eventop(sleeps& asleep, bool changes_at_once = true)
      : asleep_(asleep), at_once_(changes_at_once) {}

  const char* name() const noexcept override { return "sleeping"; }
  void add(int, what, what) override {}
  void del(int, what, what) noexcept override {}
  void prepare() override {}
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    if (!is_sleep(timeout)) return;
    asleep_.begin();
    std::unique_lock lock(asleep_.mutex_);
    asleep_.changed_.wait(lock, [this] { return asleep_.woken_; });
    asleep_.woken_ = false;
  }
  std::span<const ready> collect() override { return {}; }
  bool changes_at_once() const noexcept override { return at_once_; }
  bool add_notify() override { return true; }
  void notify() noexcept override {
    const std::lock_guard lock(asleep_.mutex_);
    ++asleep_.notified_;
    asleep_.woken_ = true;
    asleep_.changed_.notify_all();
  }

 private:
  sleeps& asleep_;  // the test's
  bool at_once_;  // what changes_at_once() says
};

/// Runs a base's loop in a thread of its own.
class loop_thread {
 public:
  explicit loop_thread(event_base& base, loop_flags flags = loop_flags::none)
      : thread_([this, &base, flags] { result_ = base.loop(flags); }) {}
  ~loop_thread() {
    if (thread_.joinable()) thread_.join();
  }
  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;

  std::thread::id id() const { return thread_.get_id(); }

  /// Waits for its end. What it has returned.
  loop_result join() {
    thread_.join();
    return result_;
  }

 private:
  loop_result result_{};
  std::thread thread_;
};

}  // namespace evolve
