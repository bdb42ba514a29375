#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/log.h"
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

/// Does nothing with a message.
void keep_silent(severity, const char*) {}

/// A base with an event for reading, one that is due, and one of once().
class scene {
 public:
  explicit scene(event_base& base) : base_(base) {
    base.priority_init(2);
    waits_.add();
    due_.active(what::write);
    base.once(-1, what::none, [this] { ++calls_; });
  }

  int fd() const { return fds_.a(); }

  /// That the base is whole, and what was to be called is, once.
  void check(int calls) {
    base_.self_check();
    fds_.send();
    base_.loop();
    EXPECT_EQ(calls_, 3 + calls);
    EXPECT_EQ(base_.num_events(event_count::added), 0u);
    EXPECT_EQ(base_.num_events(event_count::active), 0u);
  }

  /// For callbacks.
  auto counts() {
    return [this] { ++calls_; };
  }

 private:
  event_base& base_;
  pair fds_;
  int calls_ = 0;
  event waits_{base_, fds_.a(), what::read, [this] { ++calls_; }};
  event due_{base_, -1, what::none, [this] { ++calls_; }};
};

TEST_P(Shortage, OfMemoryLeavesABaseWholeThatCannotCallOnce) {
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);

    int made = 0;
    made += once.during([&] { base.once(-1, what::none, on.counts()); });
    made += once.during([&] { base.once(on.fd(), what::read, on.counts()); });

    on.check(made);
  });
}

TEST_P(Shortage, OfMemoryLeavesPrioritiesAsTheyWere) {
  at_each_allocation([](event_base& base, shortage& once) {
    const pair fds;
    event ev(base, fds.a(), what::read, [] {});
    ev.add();

    const bool done = once.during([&] { base.priority_init(100); });

    EXPECT_EQ(base.npriorities(), done ? 100 : 1);
    base.self_check();
  });
}

TEST_P(Shortage, OfMemoryLeavesABaseWholeThatIsWalked) {
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);

    int seen = 0;
    const bool done = once.during([&] {
      base.for_each_event([&seen](const event_info&) { return ++seen > 0; });
    });

    EXPECT_EQ(seen, done ? 3 : 0);
    on.check(0);
  });
}

TEST_P(Shortage, OfMemoryIsNoReasonToForgetWhatAnAddHadToSay) {
  set_log_callback(keep_silent);
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);
    event bad(base, closed_fd(), what::read, [] {});

    std::error_code said;
    const bool done = once.during([&] {
      try {
        bad.add();
      } catch (const std::system_error& error) {
        said = error.code();
      }
    });

    EXPECT_EQ(said == std::errc::bad_file_descriptor, done);
    on.check(0);
  });
  set_log_callback(nullptr);
}

TEST_P(Shortage, OfMemoryLeavesABaseWithoutTheTimeoutThatItCannotMake) {
  using namespace std::chrono_literals;
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);
    event timer = event::timer(base, on.counts());

    const bool made =
        once.during([&] { timer.add(base.init_common_timeout(1ns)); });
    if (!made) timer.add(base.init_common_timeout(1ns));

    EXPECT_EQ(&base.init_common_timeout(1ns), &base.init_common_timeout(1ns));
    base.self_check();
    on.check(1);
  });
}

TEST_P(Shortage, OfMemoryLeavesASignalEventThatCannotBeAddedAsItWas) {
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);
    event usr1(base, SIGUSR1, what::signal, on.counts());

    const bool added = once.during([&usr1] { usr1.add(); });
    EXPECT_EQ(any(usr1.pending()), added);
    if (!added) usr1.add();
    ::raise(SIGUSR1);

    on.check(1);
  });
}

TEST_P(Shortage, OfMemoryInATurnWithSomethingOfEverythingLosesNothing) {
  using namespace std::chrono_literals;
  set_log_callback(keep_silent);
  at_each_allocation([](event_base& base, shortage& once) {
    scene on(base);
    std::vector<int> calls(5);
    pair gone;
    const pair well;
    event bad(base, gone.a(), what::read | what::persist,
              [&calls] { ++calls[0]; });
    event good(base, well.a(), what::read, [&calls] { ++calls[1]; });
    event usr1(base, SIGUSR1, what::signal, [&calls] { ++calls[2]; });
    event once_timed = event::timer(base, [&calls] { ++calls[3]; });
    event again = event::timer(
        base, [&] { ++calls[4] == 1 ? void() : again.del(); }, what::persist);
    bad.add();
    good.add(1h);
    usr1.add();
    once_timed.add(base.init_common_timeout(1ns));
    again.add(base.init_common_timeout(2ns));
    gone.close_a();
    well.send();
    ::raise(SIGUSR1);

    for (int turn = 0; turn < 4; ++turn) {
      while (!once.during([&] { base.loop(loop_flags::nonblock); })) continue;
    }

    const bool seen = !any(bad.pending());  // else the kernel has forgotten it
    bad.del();
    EXPECT_EQ(calls, (std::vector<int>{seen, 1, 1, 1, 2}));
    on.check(0);
  });
  set_log_callback(nullptr);
}

}  // namespace
}  // namespace evolve
