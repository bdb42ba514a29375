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

}  // namespace
}  // namespace evolve
