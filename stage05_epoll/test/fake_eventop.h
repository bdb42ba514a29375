/// \file
/// A backend that asks no kernel, for tests of what one would be asked.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "evolve/eventop.h"

namespace evolve {

/// What a fake_eventop was asked, and what it is to answer; the test's own, so
/// that it can be looked at while the base owns the backend.
struct fake_kernel {
  std::vector<std::string> calls;  ///< "add 3 none->read", "del 3 read->none"
  std::vector<std::optional<std::chrono::nanoseconds>> waits;  ///< timeouts
  std::vector<ready> next;  ///< what the next wait finds; then nothing
  int refuse = 0;  ///< errno that add() throws while it is not 0
  int broken = 0;  ///< errno that wait() throws while it is not 0
  feature features = feature::none;  ///< the features that it claims
  std::function<void()> meanwhile;  ///< if set, what happens in each wait
};

/// Writes down what it is asked, and answers what the test has prepared.
class fake_eventop final : public eventop {
 public:
  explicit fake_eventop(fake_kernel& kernel) : kernel_(kernel) {}

  const char* name() const noexcept override { return "fake"; }
  feature features() const noexcept override { return kernel_.features; }
  void add(int fd, what old, what now) override {
    if (kernel_.refuse != 0) {
      throw std::system_error(kernel_.refuse, std::generic_category(), "fake");
    }
    note("add", fd, old, now);
  }
  void del(int fd, what old, what now) noexcept override {
    note("del", fd, old, now);
  }
  void prepare() override {}
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    kernel_.waits.push_back(timeout);
    if (kernel_.broken != 0) {
      throw std::system_error(kernel_.broken, std::generic_category(), "fake");
    }
    if (kernel_.meanwhile) kernel_.meanwhile();
    found_ = std::exchange(kernel_.next, {});
  }
  std::span<const ready> collect() override { return found_; }

 private:
  void note(const char* call, int fd, what old, what now) {
    kernel_.calls.push_back(std::string(call) + ' ' + std::to_string(fd) + ' ' +
                            to_string(old) + "->" + to_string(now));
  }

  fake_kernel& kernel_;  // the test's
  std::vector<ready> found_;  // what the last wait found
};

}  // namespace evolve
