// red: does not compile
// event::take_ncalls(): the number of a signal's deliveries instead of the
// calls for them.

#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include "evolve/event_base.h"

namespace evolve {
namespace {

class TakeNcalls : public ::testing::Test {
 protected:
  /// Raises the signal so often, and lets the loop have one turn.
  void deliver(int times) {
    for (int i = 0; i < times; ++i) std::raise(SIGUSR1);
    base.loop(loop_flags::nonblock);
    base.self_check();
  }

  event_base base;
  std::vector<int> taken;  // what the callback was told, call by call
};

TEST_F(TakeNcalls, TellsOfAllDeliveriesInTheFirstCall) {
  event ev =
      event::signal(base, SIGUSR1, [&] { taken.push_back(ev.take_ncalls()); });
  ev.add();

  deliver(5);

  EXPECT_EQ(taken, std::vector<int>{5});
  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

TEST_F(TakeNcalls, IsOneWhenTheSignalCameOnce) {
  event ev =
      event::signal(base, SIGUSR1, [&] { taken.push_back(ev.take_ncalls()); });
  ev.add();

  deliver(1);
  deliver(1);

  EXPECT_EQ(taken, (std::vector<int>{1, 1}));
}

TEST_F(TakeNcalls, CountsOnlyWhatIsLeft) {
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [&] {
    if (++calls == 3) taken.push_back(ev.take_ncalls());
  });
  ev.add();

  deliver(5);

  EXPECT_EQ(calls, 3);
  EXPECT_EQ(taken, std::vector<int>{3});
}

TEST_F(TakeNcalls, TakesCallsBackOutsideOfTheCallback) {
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [&] { ++calls; });
  event before(base, -1, what::none,
               [&] { taken.push_back(ev.take_ncalls()); });
  ev.add();
  before.active(what::none);

  deliver(4);

  EXPECT_EQ(taken, std::vector<int>{4});
  EXPECT_EQ(calls, 0);
}

TEST_F(TakeNcalls, LeavesAloneWhatElseTheEventIsDueFor) {
  what seen = what::none;
  event ev =
      event::signal(base, SIGUSR1, [&seen](what fired) { seen = fired; });
  event before(base, -1, what::none, [&] {
    ev.active(what::timeout);
    taken.push_back(ev.take_ncalls());
  });
  ev.add();
  before.active(what::none);

  deliver(2);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(taken, std::vector<int>{2});
  EXPECT_EQ(seen, what::timeout);
}

TEST_F(TakeNcalls, IsNothingWhenNoSignalCame) {
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();

  EXPECT_EQ(ev.take_ncalls(), 0);
}

}  // namespace
}  // namespace evolve
