#include <gtest/gtest.h>

#include <chrono>

#include "evolve/ghosts.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

class Ghosts : public ::testing::Test {
 protected:
  /// A turn of that length, with `stale` of `found` reports; whether it is time
  /// for a rebuild then.
  bool turn(duration length, int stale, int found) {
    reckoned.appear(stale, found, now);
    now += length;
    return reckoned.reckon(now, size);
  }

  static constexpr int size = 10;

  time_point now{1h};
  ghosts reckoned;
};

TEST_F(Ghosts, AppearUntilTheyAreReckoned) {
  EXPECT_FALSE(reckoned.appeared());
  reckoned.appear(1, 2, now);
  EXPECT_TRUE(reckoned.appeared());
  reckoned.reckon(now, size);
  EXPECT_FALSE(reckoned.appeared());
}

TEST_F(Ghosts, AreBorneForAGuessUntilARebuildWasMeasured) {
  EXPECT_FALSE(turn(10 * ghosts::guess - 1ns, 1, 1));
  EXPECT_TRUE(turn(1ns, 1, 1));
}

TEST_F(Ghosts, AreNotBorneForLongBecauseTheProcessWasStoppedInARebuild) {
  reckoned.vanish(1h, size);

  EXPECT_FALSE(turn(10 * ghosts::limit - 1ns, 1, 1));
  EXPECT_TRUE(turn(1ns, 1, 1));
}

TEST_F(Ghosts, AreBorneUntilTheyHaveCostAsMuchAsARebuild) {
  reckoned.vanish(10us, size);

  for (int i = 0; i < 9; ++i) EXPECT_FALSE(turn(1us, 1, 1));
  EXPECT_TRUE(turn(1us, 1, 1));
}

TEST_F(Ghosts, BeginAnewAfterARebuild) {
  reckoned.vanish(10us, size);
  EXPECT_TRUE(turn(10us, 1, 1));

  reckoned.vanish(10us, size);
  EXPECT_FALSE(turn(9us, 1, 1));
  EXPECT_TRUE(turn(1us, 1, 1));
}

TEST_F(Ghosts, CostTheirShareOfATurn) {
  reckoned.vanish(10us, size);

  EXPECT_FALSE(turn(30us, 1, 4));
  EXPECT_FALSE(turn(3us, 2, 4));
  EXPECT_TRUE(turn(1us, 4, 4));
}

TEST_F(Ghosts, AreNotKeptForEverByABusyConnection) {
  reckoned.vanish(10us, size);

  int turns = 1;
  while (!turn(100us, 1, 1000)) ++turns;

  EXPECT_EQ(turns, 100);
}

TEST_F(Ghosts, AreDearerToGetRidOfInALargerTable) {
  reckoned.vanish(10us, size / 2);

  EXPECT_FALSE(turn(19us, 1, 1));
  EXPECT_TRUE(turn(1us, 1, 1));
}

TEST_F(Ghosts, RemainForAWhileWhenARebuildFails) {
  EXPECT_TRUE(turn(1s, 1, 1));
  reckoned.remain(now);
  EXPECT_TRUE(reckoned.remained());

  EXPECT_FALSE(turn(ghosts::pause - 1ns, 1, 1));
  EXPECT_TRUE(turn(1ns, 1, 1));
  EXPECT_TRUE(reckoned.remained());

  reckoned.vanish(1us, size);
  EXPECT_FALSE(reckoned.remained());
}

}  // namespace
}  // namespace evolve
