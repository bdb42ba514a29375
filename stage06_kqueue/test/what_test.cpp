#include <gtest/gtest.h>

#include "evolve/what.h"

namespace evolve {
namespace {

TEST(What, HasTheValuesOfLibevent) {
  EXPECT_EQ(static_cast<int>(what::none), 0);
  EXPECT_EQ(static_cast<int>(what::read), 0x02);
  EXPECT_EQ(static_cast<int>(what::write), 0x04);
  EXPECT_EQ(static_cast<int>(what::persist), 0x10);
}

TEST(What, HasAValueOfItsOwnForWhatIsNotWatchedAnyMore) {
  EXPECT_EQ(static_cast<int>(what::unwatched), 0x100);
  EXPECT_FALSE(any(what::unwatched & any_io));
  EXPECT_EQ(to_string(what::unwatched), "unwatched");
}

TEST(What, OrIsEverythingInEither) {
  EXPECT_EQ(static_cast<int>(what::read | what::persist), 0x12);
  EXPECT_EQ(what::read | what::read, what::read);
}

TEST(What, AndIsWhatIsInBoth) {
  EXPECT_EQ((what::read | what::persist) & (what::read | what::write),
            what::read);
  EXPECT_EQ(what::read & what::write, what::none);
}

TEST(What, NotIsEverythingElse) {
  EXPECT_EQ(~what::read & (what::read | what::write), what::write);
  EXPECT_EQ(~~what::persist, what::persist);
}

TEST(What, AssignmentsChangeTheLeftSide) {
  what set = what::read;

  EXPECT_EQ(&(set |= what::persist), &set);
  EXPECT_EQ(set, what::read | what::persist);
  EXPECT_EQ(&(set &= ~what::read), &set);
  EXPECT_EQ(set, what::persist);
}

TEST(What, AnyTellsWhetherThereIsSomething) {
  EXPECT_FALSE(any(what::none));
  EXPECT_TRUE(any(what::write));
  EXPECT_TRUE(any(any_io));
}

TEST(What, AnyIoIsAllThatADescriptorCanDo) {
  const what all = what::read | what::write;
  EXPECT_EQ(any_io & all, all);
}

TEST(What, IsSaidInWords) {
  EXPECT_EQ(to_string(what::none), "none");
  EXPECT_EQ(to_string(what::write), "write");
  EXPECT_EQ(to_string(what::persist | what::read), "read|persist");
  EXPECT_EQ(to_string(what::read | what::write | what::persist),
            "read|write|persist");
}

// The operators are for those enums that are declared to be sets of bits.
enum class colour { red = 1, green = 2 };
static_assert(bitmask<what> && !bitmask<colour> && !bitmask<int>);

TEST(What, CanBeComputedByTheCompiler) {
  static_assert(any((what::read | what::write) & ~what::read));
  static_assert(!any(what::read & what::write));
}

TEST(WhatOfTimeouts, HasLibeventsValue) {
  EXPECT_EQ(static_cast<int>(what::timeout), 0x01);
}

TEST(WhatOfTimeouts, IsNothingThatADescriptorCanDo) {
  EXPECT_FALSE(any(any_io & what::timeout));
}

TEST(WhatOfTimeouts, HasAName) {
  EXPECT_EQ(to_string(what::timeout), "timeout");
  EXPECT_EQ(to_string(what::read | what::timeout), "timeout|read");
}

TEST(WhatOfSignals, HasLibeventsValue) {
  EXPECT_EQ(static_cast<int>(what::signal), 0x08);
}

TEST(WhatOfSignals, IsNothingThatADescriptorCanDo) {
  EXPECT_FALSE(any(any_io & what::signal));
}

TEST(WhatOfSignals, HasAName) {
  EXPECT_EQ(to_string(what::signal), "signal");
  EXPECT_EQ(to_string(what::timeout | what::signal | what::persist),
            "timeout|signal|persist");
}

TEST(WhatOfEdgesAndClosing, HasLibeventsValues) {
  EXPECT_EQ(static_cast<int>(what::et), 0x20);
  EXPECT_EQ(static_cast<int>(what::closed), 0x80);
}

TEST(WhatOfEdgesAndClosing, ADescriptorCanBeClosedButAnEdgeDoesNotHappen) {
  EXPECT_EQ(any_io & what::closed, what::closed);
  EXPECT_FALSE(any(any_io & what::et));
}

TEST(WhatOfEdgesAndClosing, HasNames) {
  EXPECT_EQ(to_string(what::et), "et");
  EXPECT_EQ(to_string(what::closed), "closed");
  EXPECT_EQ(to_string(what::read | what::persist | what::et | what::closed),
            "read|persist|et|closed");
}

}  // namespace
}  // namespace evolve
