/// \file
/// A base that lives in a time of the test's making.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "evolve/event_base.h"
#include "test/manual_clock.h"
#include "test/on_fake.h"

namespace evolve {

using namespace std::chrono_literals;

/// A suite whose time passes only where the loop waits, by as much as it says
/// that it waits for, and where the test says so. Nothing is waited for in
/// truth, and all is exact to the nanosecond:
///
///     class Timers : public OnManualClock {};
///     TEST_F(Timers, …) {
///       event a = event::timer(base, noted("a"));
///       a.add(10ms);
///       base.dispatch();
///       EXPECT_EQ(notes, lines{"a timeout 10ms"});
///     }
class OnManualClock : public OnFake {
 protected:
  using lines = std::vector<std::string>;

  OnManualClock() {
    manual_clock::zero();
    base.set_clock(manual_clock::read);
    kernel.meanwhile = [this] { pass(); };
  }

  /// How much time has passed.
  static duration elapsed() { return manual_clock::time - origin(); }

  /// The time `since` the beginning.
  static time_point at(duration since) { return origin() + since; }

  /// "10ms" for at(10ms).
  static std::string in_ms(time_point when) {
    const auto ns = (when - origin()).count();
    const std::string rest = ns % 1'000'000 == 0 ? "" : " and a bit";
    return std::to_string(ns / 1'000'000) + "ms" + rest;
  }

  /// A callback that notes `who` was called, what for, and when.
  auto noted(const char* who) {
    return [this, who](what fired) { note(who, fired); };
  }

  void note(const std::string& who, what fired) {
    notes.push_back(who + ' ' + to_string(fired) + ' ' +
                    in_ms(manual_clock::time));
  }

  /// One turn of the loop that does not wait, when `by` has passed.
  void turn_after(duration by) {
    manual_clock::advance(by);
    base.loop(loop_flags::nonblock);
    base.self_check();
  }

  /// Lets the next wait find that the first of `fds` can be read.
  void readable() { finds(fds.a(), what::read); }

  lines notes;  // "a timeout 10ms", "b read 10ms"

 private:
  static time_point origin() { return time_point(std::chrono::hours(1)); }

  void pass() {
    if (!kernel.next.empty()) return;
    const auto timeout = kernel.waits.back();
    if (!timeout) throw std::logic_error("the loop sleeps for ever");
    manual_clock::advance(*timeout);
  }
};

}  // namespace evolve
