#include <gtest/gtest.h>

#include "evolve/active_queues.h"
#include "evolve/event_base.h"

namespace evolve {
namespace {

class ActiveQueues : public ::testing::Test {
 protected:
  event_base base;
  event a{base, 0, what::read, [] {}};
  event b{base, 0, what::read, [] {}};
  event c{base, 0, what::read, [] {}};
  active_queues due;
};

TEST_F(ActiveQueues, AreEmptyUntilAnEventIsDue) {
  EXPECT_TRUE(due.empty());
  due.insert(a);
  EXPECT_FALSE(due.empty());
  due.remove(a);
  EXPECT_TRUE(due.empty());
}

TEST_F(ActiveQueues, LetAnEventGoWhereverItStands) {
  due.insert(a);
  due.insert(b);
  due.insert(c);
  due.remove(b);
  due.remove(a);
  EXPECT_FALSE(due.empty());
  due.remove(c);
  EXPECT_TRUE(due.empty());
}

#ifndef NDEBUG
using ActiveQueuesDeathTest = ActiveQueues;

TEST_F(ActiveQueuesDeathTest, DieOfAnEventThatIsDueAlready) {
  due.insert(a);
  EXPECT_DEATH(due.insert(a), "evlist::active");
  due.remove(a);
}

TEST_F(ActiveQueuesDeathTest, DieOfTheRemovalOfWhatIsNotDue) {
  EXPECT_DEATH(due.remove(a), "evlist::active");
}
#endif

TEST_F(ActiveQueues, GiveATurnWhatWasDueWhenItBegan) {
  due.insert(b);
  due.insert(a);
  EXPECT_EQ(due.next(0), nullptr);
  due.next_turn();
  due.insert(c);

  EXPECT_EQ(due.next(0), &b);
  due.remove(b);
  EXPECT_EQ(due.next(0), &a);
  due.remove(a);
  EXPECT_EQ(due.next(0), nullptr);

  due.next_turn();
  EXPECT_EQ(due.next(0), &c);
  due.remove(c);
}

TEST_F(ActiveQueues, DoNotTakeForNewWhatHasBeenDueForAnyNumberOfTurns) {
  due.insert(a);
  for (int turn = 0; turn < 1000; ++turn) {
    due.next_turn();
    ASSERT_EQ(due.next(0), &a) << turn;
  }
  due.remove(a);
}

TEST_F(ActiveQueues, AreOneForEachPriority) {
  EXPECT_EQ(due.npriorities(), 1u);
  due.resize(2);
  base.priority_init(2);
  a.priority_set(1);
  b.priority_set(0);
  due.insert(a);
  due.insert(b);
  due.next_turn();

  EXPECT_EQ(due.next(0), &b);
  EXPECT_EQ(due.next(1), &a);
  EXPECT_EQ(&due.by_priority()[1].front(), &a);
  EXPECT_NO_THROW(due.self_check());
  due.remove(a);
  due.remove(b);
}

TEST_F(ActiveQueues, CountWhatIsDue) {
  due.insert(a);
  due.insert(b);
  due.remove(a);
  EXPECT_EQ(due.count().now, 1u);
  EXPECT_EQ(due.count().most, 2u);
  due.remove(b);
}

TEST_F(ActiveQueues, LeaveToTheNextTurnWhatIsDeferred) {
  due.insert(a);
  due.insert(b);
  due.next_turn();
  due.defer(a);

  EXPECT_EQ(due.next(0), &b);
  due.remove(b);
  EXPECT_EQ(due.next(0), nullptr);
  due.next_turn();
  EXPECT_EQ(due.next(0), &a);
  due.remove(a);
}

}  // namespace
}  // namespace evolve
