#include <gtest/gtest.h>

#include <chrono>

#include "evolve/clock.h"
#include "evolve/event_base.h"
#include "test/manual_clock.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

TEST(Clock, GoesOnAtASteadyPace) {
  const time_point before = clock::now();

  EXPECT_TRUE(clock::is_steady);
  EXPECT_LE(before, clock::now());
}

TEST(Clock, CountsNanoseconds) {
  EXPECT_EQ(duration(1), 1ns);
  EXPECT_EQ(time_point(1ns) - time_point(), duration(1));
}

TEST(Clock, IsTheOneThatABaseReads) {
  event_base base;
  const time_point before = clock::now();
  const time_point read = base.now();

  EXPECT_LE(before, read);
  EXPECT_LE(read, clock::now());
}

TEST(Clock, MayBeReplaced) {
  event_base base;
  manual_clock::zero();

  base.set_clock(manual_clock::read);

  EXPECT_EQ(base.now(), manual_clock::time);
  EXPECT_EQ(manual_clock::reads, 1);
}

TEST(After, AddsTheLength) {
  EXPECT_EQ(after(time_point(3ns), 4ns), time_point(7ns));
  EXPECT_EQ(after(time_point(3ns), 0ns), time_point(3ns));
}

TEST(After, IsNeverLaterThanTheEndOfTime) {
  constexpr time_point end = time_point::max();

  EXPECT_EQ(after(end - 2ns, 1ns), end - 1ns);
  EXPECT_EQ(after(end - 2ns, 2ns), end);
  EXPECT_EQ(after(end - 2ns, 3ns), end);
  EXPECT_EQ(after(time_point(1ns), duration::max()), end);
  EXPECT_EQ(after(end, 0ns), end);
}

}  // namespace
}  // namespace evolve
