// red: does not compile
// event::add_periodic(): a first call when one likes, and then every period.

#include <gtest/gtest.h>

#include <stdexcept>
#include <system_error>

#include "test/on_manual_clock.h"

namespace evolve {
namespace {

class Periodic : public OnManualClock {
 protected:
  event a = event::timer(base, noted("a"), what::persist);
};

TEST_F(Periodic, CallsAfterTheFirstDelayAndThenEveryPeriod) {
  a.add_periodic(3ms, 10ms);

  turn_after(3ms);
  turn_after(10ms);
  turn_after(10ms);

  EXPECT_EQ(notes,
            (lines{"a timeout 3ms", "a timeout 13ms", "a timeout 23ms"}));
}

TEST_F(Periodic, MayCallAtOnce) {
  a.add_periodic(0ms, 10ms);

  turn_after(0ms);
  turn_after(9ms);
  turn_after(1ms);

  EXPECT_EQ(notes, (lines{"a timeout 0ms", "a timeout 10ms"}));
}

TEST_F(Periodic, TellsTheFirstDeadline) {
  a.add_periodic(3ms, 10ms);

  EXPECT_EQ(a.deadline(), at(3ms));
}

TEST_F(Periodic, ReplacesWhatWasGivenBefore) {
  a.add(1ms);
  a.add_periodic(5ms, 2ms);

  turn_after(1ms);
  turn_after(4ms);
  turn_after(2ms);

  EXPECT_EQ(notes, (lines{"a timeout 5ms", "a timeout 7ms"}));
}

TEST_F(Periodic, IsReplacedByAnAdd) {
  a.add_periodic(5ms, 2ms);
  a.add(3ms);

  turn_after(3ms);
  turn_after(3ms);

  EXPECT_EQ(notes, (lines{"a timeout 3ms", "a timeout 6ms"}));
}

TEST_F(Periodic, IsForPersistentEvents) {
  event once = event::timer(base, noted("once"));

  EXPECT_THROW(once.add_periodic(1ms, 1ms), std::invalid_argument);

  EXPECT_FALSE(any(once.pending()));
}

TEST_F(Periodic, ChangesNothingWhenItCannotBeAdded) {
  kernel.refuse = EBADF;
  event reads(base, fds.a(), what::read | what::persist, noted("reads"));

  EXPECT_THROW(reads.add_periodic(1ms, 2ms), std::system_error);

  EXPECT_FALSE(any(reads.pending()));
  turn_after(5ms);
  EXPECT_EQ(notes, lines{});
}

}  // namespace
}  // namespace evolve
