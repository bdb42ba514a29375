#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/pair.h"
#include "test/shortage.h"

namespace evolve {
namespace {

/// Scenes in which memory is short once, at each moment at which it can be.
class Shortage : public ::testing::TestWithParam<const char*> {
 protected:
  /// Plays `scene` with the first allocation failing, with the second one, and
  /// so on, until there are no more. Each time it has a new base.
  template <class F>
  void at_each_allocation(F scene) {
    for (int nth = 1;; ++nth) {
      SCOPED_TRACE("allocation " + std::to_string(nth));
      event_base base(make_backend(GetParam()));
      shortage once(nth);
      scene(base, once);
      if (!once.came() || HasFatalFailure()) break;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Shortage, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Shortage, OfMemoryLeavesAnEventThatCannotBeAddedAsItWas) {
  at_each_allocation([](event_base& base, shortage& once) {
    const pair fds;
    const int high = ::fcntl(fds.b(), F_DUPFD, 500);
    int lows = 0;
    int highs = 0;
    event first(base, fds.a(), what::read, [&lows] { ++lows; });
    event second(base, high, what::write, [&highs] { ++highs; });
    first.add();
    fds.send();

    const bool added = once.during([&second] { second.add(); });
    EXPECT_EQ(any(second.pending()), added);
    base.dispatch();

    EXPECT_EQ(lows, 1);
    EXPECT_EQ(highs, added ? 1 : 0);
    second.del();
    ::close(high);
  });
}

TEST_P(Shortage, OfMemoryInATurnLosesNothing) {
  at_each_allocation([](event_base& base, shortage& once) {
    const pair one;
    const pair two;
    int ones = 0;
    int twos = 0;
    event first(base, one.a(), what::read, [&ones] { ++ones; });
    event second(base, two.a(), what::read, [&twos] { ++twos; });
    first.add();
    second.add();
    one.send();
    two.send();

    while (!once.during([&base] { base.dispatch(); })) continue;

    EXPECT_EQ(ones, 1);
    EXPECT_EQ(twos, 1);
  });
}

/// On the backends that are told when a descriptor was closed.
class ShortageOfSets : public Shortage {};
INSTANTIATE_TEST_SUITE_P(Backends, ShortageOfSets,
                         ::testing::Values("poll", "select"), backend_name);

TEST_P(ShortageOfSets, OfMemoryLosesNoDescriptorThatWentBad) {
  at_each_allocation([](event_base& base, shortage& once) {
    pair one;
    pair two;
    int ones = 0;
    int twos = 0;
    event first(base, one.a(), what::read | what::persist,
                [&ones](what fired) { ones += fired == what::unwatched; });
    event second(base, two.a(), what::read | what::persist,
                 [&twos](what fired) { twos += fired == what::unwatched; });
    first.add();
    second.add();
    one.close_a();
    two.close_a();

    while (!once.during([&base] { base.dispatch(); })) continue;

    EXPECT_EQ(ones, 1);
    EXPECT_EQ(twos, 1);
  });
}

}  // namespace
}  // namespace evolve
