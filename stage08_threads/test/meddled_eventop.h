/// \file
/// A backend that lets another thread in while its base has no lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "evolve/eventop.h"

namespace evolve {

/// What another thread does in the next wait, once. The test's own.
struct meddling {
  std::function<void()> before;  ///< before the kernel is asked
  std::function<void()> after;  ///< when the kernel has answered
};

/// Another backend, in whose wait another thread does what the test says; wait()
/// returns when that is done.
class meddled_eventop final : public eventop {
 public:
  meddled_eventop(std::unique_ptr<eventop> real, meddling& other)
      : real_(std::move(real)), other_(other) {}

  const char* name() const noexcept override { return real_->name(); }
  feature features() const noexcept override { return real_->features(); }
  void add(int fd, what old, what now) override { real_->add(fd, old, now); }
  void del(int fd, what old, what now) noexcept override {
    real_->del(fd, old, now);
  }
  void prepare() override { real_->prepare(); }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    let_in(other_.before);
    real_->wait(timeout);
    let_in(other_.after);
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
  static void let_in(std::function<void()>& deed) {
    if (deed) std::thread(std::exchange(deed, nullptr)).join();
  }

  std::unique_ptr<eventop> real_;  // the backend that waits
  meddling& other_;  // the test's
};

}  // namespace evolve
