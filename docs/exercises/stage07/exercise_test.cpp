// red: does not compile
// changelist::spared(): how many of the changes the kernel need not be told of.

#include <gtest/gtest.h>

#include "evolve/changelist.h"

namespace evolve {
namespace {

class Spared : public ::testing::Test {
 protected:
  static constexpr what both = what::read | what::write;

  void note(int fd, what old, what now) {
    noted.reserve(fd, 2);
    noted.note(fd, old, now);
  }

  changelist noted;
};

TEST_F(Spared, IsNoneAtFirst) {
  EXPECT_EQ(noted.spared(), 0u);
}

TEST_F(Spared, IsNoneWhereAllIsTold) {
  note(3, what::read, both);
  note(5, what::read, what::none);
  EXPECT_EQ(noted.spared(), 0u);
}

TEST_F(Spared, CountsWhatIsMerged) {
  note(3, what::read, both);
  note(3, both, what::write);
  EXPECT_EQ(noted.spared(), 1u);
}

TEST_F(Spared, CountsAllThatIsTakenBack) {
  note(3, what::read, both);
  note(3, both, what::read);
  EXPECT_EQ(noted.spared(), 2u);
}

TEST_F(Spared, CountsAllButOneWhereTheKernelIsAsked) {
  for (int i = 0; i < 10; ++i) {
    note(3, what::read, what::none);
    note(3, what::none, what::read);
  }
  EXPECT_EQ(noted.spared(), 19u);
}

TEST_F(Spared, CountsEveryDescriptor) {
  note(3, what::read, both);
  note(5, what::write, both);
  note(3, both, what::read);
  note(5, both, what::read);
  EXPECT_EQ(noted.spared(), 3u);
}

TEST_F(Spared, BeginsAnewWhenItIsCleared) {
  note(3, what::read, both);
  note(3, both, what::read);
  noted.clear();
  EXPECT_EQ(noted.spared(), 0u);
  note(3, what::read, both);
  EXPECT_EQ(noted.spared(), 0u);
}

}  // namespace
}  // namespace evolve
