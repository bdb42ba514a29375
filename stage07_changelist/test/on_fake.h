/// \file
/// A base on a backend that asks no kernel, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

#include "evolve/event_base.h"
#include "test/fake_eventop.h"
#include "test/pair.h"

namespace evolve {

/// A suite whose tests say themselves what each turn of the loop finds, and see
/// in which turn a callback is called:
///
///     class Requests : public OnFake {};
///     TEST_F(Requests, …) {
///       event a(base, fds.a(), what::read, [this] { called('a'); });
///       a.add();
///       finds(fds.a(), what::read);
///       base.dispatch();
///       EXPECT_EQ(trace, "a1 ");
///     }
class OnFake : public ::testing::Test {
 protected:
  using waits = decltype(fake_kernel::waits);
  static constexpr waits::value_type forever{};
  static constexpr waits::value_type at_once{0};

  /// The turn that the loop is in; the first is 1.
  std::size_t turn() const { return kernel.waits.size(); }

  /// For callbacks: writes `who` into the trace, and the turn.
  void called(char who) { trace += who + std::to_string(turn()) + ' '; }

  /// What the next wait will find; to be added to what it would anyway.
  void finds(int fd, what fired, int error = 0) {
    kernel.next.push_back({fd, fired, error});
  }

  fake_kernel kernel;
  event_base base{std::make_unique<fake_eventop>(kernel)};
  pair fds;  // two descriptors that are open; nothing is sent
  std::string trace;  // the calls and their turns: "a1 b1 a2 "
};

}  // namespace evolve
