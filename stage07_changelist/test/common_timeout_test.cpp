#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "evolve/common_timeout.h"
#include "evolve/event_base.h"
#include "test/on_manual_clock.h"

namespace evolve {
namespace {

/// Events that share a timeout of ten milliseconds, and one of thirty.
class CommonTimeout : public OnManualClock {
 protected:
  event a = event::timer(base, noted("a"));
  event b = event::timer(base, noted("b"));
  event c = event::timer(base, noted("c"));
  common_timeout& ten = base.init_common_timeout(10ms);
  common_timeout& thirty = base.init_common_timeout(30ms);
};

TEST_F(CommonTimeout, IsTheSameForTheSameLength) {
  EXPECT_EQ(&base.init_common_timeout(10ms), &ten);
  EXPECT_EQ(&base.init_common_timeout(10'000us), &ten);
  EXPECT_NE(&thirty, &ten);
  EXPECT_EQ(ten.length(), 10ms);
}

TEST_F(CommonTimeout, StaysWhereItIsWhenMoreAreMade) {
  for (int length = 1; length <= 1'000; ++length) {
    base.init_common_timeout(1ns * length);
  }

  EXPECT_EQ(&base.init_common_timeout(10ms), &ten);
  EXPECT_EQ(ten.length(), 10ms);
}

TEST_F(CommonTimeout, LastsForSomeTime) {
  EXPECT_THROW(base.init_common_timeout(0ns), std::invalid_argument);
  EXPECT_THROW(base.init_common_timeout(-1ns), std::invalid_argument);
  EXPECT_THROW(base.init_common_timeout(duration::min()),
               std::invalid_argument);
}

TEST_F(CommonTimeout, IsForTheEventsOfItsBase) {
  event_base other;

  EXPECT_THROW(a.add(other.init_common_timeout(10ms)), std::invalid_argument);
  EXPECT_EQ(a.pending(), what::none);
}

TEST_F(CommonTimeout, CallsInTheOrderOfAdding) {
  c.add(ten);
  a.add(ten);
  b.add(ten);

  base.dispatch();

  EXPECT_EQ(notes,
            (lines{"c timeout 10ms", "a timeout 10ms", "b timeout 10ms"}));
}

TEST_F(CommonTimeout, TellsTheEventsDeadline) {
  manual_clock::advance(5ms);
  a.add(ten);

  EXPECT_EQ(a.deadline(), at(15ms));
  EXPECT_EQ(a.pending(), what::timeout);
}

TEST_F(CommonTimeout, WaitsForEachOfItsEvents) {
  a.add(ten);
  manual_clock::advance(1ms);
  b.add(ten);

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{9ms, 1ms}));
  EXPECT_EQ(notes, (lines{"a timeout 10ms", "b timeout 11ms"}));
}

TEST_F(CommonTimeout, MayBelongToAnEventWithADescriptor) {
  event reader(base, fds.a(), what::read, noted("reader"));
  event writer(base, fds.b(), what::write, noted("writer"));
  reader.add(ten);
  writer.add(ten);

  readable();
  turn_after(4ms);
  turn_after(6ms);

  EXPECT_EQ(notes, (lines{"reader read 4ms", "writer timeout 10ms"}));
}

// In one turn, deadlines of both kinds alternate; the last two are equal.
TEST_F(CommonTimeout, KeepsTheOrderOfDeadlinesAmongOtherTimeouts) {
  event d = event::timer(base, noted("d"));
  event e = event::timer(base, noted("e"));
  a.add(ten);
  b.add(12ms);
  manual_clock::advance(4ms);
  c.add(ten);
  d.add(ten);
  e.add(9ms);

  turn_after(20ms);

  EXPECT_EQ(notes, (lines{"a timeout 24ms", "b timeout 24ms", "e timeout 24ms",
                          "c timeout 24ms", "d timeout 24ms"}));
}

TEST_F(CommonTimeout, KeepsTheOrderOfAddingAmongEqualOnesOfOtherLengths) {
  a.add(thirty);
  manual_clock::advance(20ms);
  b.add(ten);
  c.add(10ms);
  event d = event::timer(base, noted("d"));
  d.add(ten);

  turn_after(10ms);

  EXPECT_EQ(notes, (lines{"a timeout 30ms", "b timeout 30ms", "c timeout 30ms",
                          "d timeout 30ms"}));
}

// The timeout's entry comes anew on the heap, for the second of its events,
// when others of the same deadline are there; one of those has moved to later.
TEST_F(CommonTimeout, KeepsTheOrderOfAddingBesideAnEntryThatIsTooEarly) {
  std::deque<event> far;
  event moved = event::timer(base, noted("moved"));
  a.add(ten);
  manual_clock::advance(1ms);
  b.add(ten);
  c.add(10ms);
  for (int i = 0; i < 3; ++i) {
    far.emplace_back(base, -1, what::none, noted("far"));
    far.back().add(1h);
  }
  moved.add(10ms);
  far.emplace_back(base, -1, what::none, noted("far"));
  far.back().add(1h);
  moved.add(20ms);

  turn_after(10ms);

  EXPECT_EQ(notes,
            (lines{"a timeout 11ms", "b timeout 11ms", "c timeout 11ms"}));
}

TEST_F(CommonTimeout, PutsWhoIsAddedAgainBehindTheOthers) {
  a.add(ten);
  b.add(ten);
  a.add(ten);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"b timeout 10ms", "a timeout 10ms"}));
}

TEST_F(CommonTimeout, GivesWayToAPlainTimeout) {
  a.add(ten);
  b.add(ten);
  a.add(20ms);
  b.add(5ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"b timeout 5ms", "a timeout 20ms"}));
  EXPECT_EQ(kernel.waits, (waits{5ms, 15ms}));
}

TEST_F(CommonTimeout, ReplacesAPlainTimeout) {
  a.add(20ms);
  b.add(5ms);
  a.add(ten);
  b.add(ten);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"a timeout 10ms", "b timeout 10ms"}));
  EXPECT_EQ(kernel.waits, waits{10ms});
}

TEST_F(CommonTimeout, ReplacesAnother) {
  a.add(ten);
  b.add(thirty);
  a.add(thirty);
  b.add(ten);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"b timeout 10ms", "a timeout 30ms"}));
}

TEST_F(CommonTimeout, TakesBackATimeoutThatIsDue) {
  event first = event::timer(base, [&] {
    a.add(ten);
    b.add(5ms);
  });
  first.add(ten);
  a.add(ten);
  b.add(ten);

  turn_after(10ms);
  EXPECT_EQ(notes, lines{});

  base.dispatch();
  EXPECT_EQ(notes, (lines{"b timeout 15ms", "a timeout 20ms"}));
}

TEST_F(CommonTimeout, IsKeptByAddingWithoutATimeout) {
  a.add(ten);
  manual_clock::advance(5ms);
  a.add();

  EXPECT_EQ(a.deadline(), at(10ms));
}

TEST_F(CommonTimeout, WaitsForTheNextWhenItsFirstEventIsDeleted) {
  a.add(ten);
  manual_clock::advance(5ms);
  b.add(ten);
  a.del();

  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{10ms});
  EXPECT_EQ(notes, lines{"b timeout 15ms"});
}

TEST_F(CommonTimeout, WaitsForTheOthersWhenOneBetweenOrTheLastIsDeleted) {
  event d = event::timer(base, noted("d"));
  for (event* ev : {&a, &b, &c, &d}) {
    ev->add(ten);
    manual_clock::advance(1ms);
  }
  b.del();
  d.del();

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{6ms, 2ms}));
  EXPECT_EQ(notes, (lines{"a timeout 10ms", "c timeout 12ms"}));
}

TEST_F(CommonTimeout, WaitsForNothingWhenItsLastEventIsGone) {
  a.add(ten);
  b.add(ten);
  a.del();
  b.remove_timer();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(kernel.waits, waits{});
}

TEST_F(CommonTimeout, MovesOnWithAnEventThatIsAddedAgainAndAgain) {
  for (int times = 0; times < 100; ++times) {
    a.add(ten);
    manual_clock::advance(1ms);
  }

  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{9ms});
  EXPECT_EQ(notes, lines{"a timeout 109ms"});
}

TEST_F(CommonTimeout, IsBegunAnewByAPersistentEvent) {
  event tick(base, -1, what::persist, noted("tick"));
  event reader(base, fds.a(), what::read | what::persist, noted("reader"));
  tick.add(ten);
  reader.add(ten);

  readable();
  turn_after(4ms);
  turn_after(9ms);
  turn_after(1ms);

  EXPECT_EQ(notes, (lines{"reader read 4ms", "tick timeout 13ms",
                          "reader timeout 14ms"}));
  EXPECT_EQ(tick.deadline(), at(20ms));
  EXPECT_EQ(reader.deadline(), at(24ms));
}

// The one that is late comes before those that were added on time.
TEST_F(CommonTimeout, IsBegunAnewFromWhenItWasDue) {
  event tick(base, -1, what::persist, noted("tick"));
  tick.add(ten);
  manual_clock::advance(4ms);
  a.add(ten);
  manual_clock::advance(9ms);
  b.add(thirty);
  c.add(ten);
  base.loop(loop_flags::nonblock);
  base.self_check();

  EXPECT_EQ(tick.deadline(), at(20ms));
  base.loop(loop_flags::once);
  base.loop(loop_flags::once);

  EXPECT_EQ(notes, (lines{"tick timeout 13ms", "a timeout 14ms",
                          "tick timeout 20ms"}));
}

TEST_F(CommonTimeout, SkipsThePeriodsThatWereMissed) {
  event tick(base, -1, what::persist, noted("tick"));
  tick.add(ten);

  turn_after(57ms);
  turn_after(0ms);

  EXPECT_EQ(notes, lines{"tick timeout 57ms"});
  EXPECT_EQ(tick.deadline(), at(67ms));
}

TEST_F(CommonTimeout, IsOverWithRemoveTimer) {
  event reader(base, fds.a(), what::read | what::persist, noted("reader"));
  reader.add(ten);

  reader.remove_timer();
  turn_after(20ms);
  readable();
  turn_after(0ms);

  EXPECT_EQ(notes, lines{"reader read 20ms"});
  EXPECT_EQ(reader.deadline(), std::nullopt);
}

TEST_F(CommonTimeout, MayBeGivenAgainInTheCallback) {
  event again = event::timer(base, [&](what fired) {
    note("again", fired);
    if (notes.size() < 3) again.add(ten);
  });
  again.add(ten);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(notes, (lines{"again timeout 10ms", "again timeout 20ms",
                          "again timeout 30ms"}));
}

TEST_F(CommonTimeout, LetsACallbackDestroyItsEvents) {
  std::array<std::optional<event>, 3> events;
  events[0].emplace(base, -1, what::persist, [&](what fired) {
    note("self", fired);
    for (auto& ev : events) ev.reset();
  });
  events[1].emplace(base, -1, what::none, noted("due"));
  events[2].emplace(base, -1, what::none, noted("later"));
  events[0]->add(ten);
  events[1]->add(ten);
  manual_clock::advance(5ms);
  events[2]->add(ten);

  turn_after(5ms);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(notes, lines{"self timeout 10ms"});
}

TEST_F(CommonTimeout, MayLastForEver) {
  event reader(base, fds.a(), what::read | what::persist, noted("reader"));
  reader.add(base.init_common_timeout(duration::max()));

  readable();
  turn_after(1h);

  EXPECT_EQ(reader.deadline(), time_point::max());
}

TEST_F(CommonTimeout, CountsItsEventsAndNotItself) {
  EXPECT_EQ(base.num_events(event_count::added), 0u);

  a.add(ten);
  b.add(ten);
  c.add(thirty);

  EXPECT_EQ(base.num_events(event_count::added), 3u);
  EXPECT_EQ(base.max_events(event_count::added), 3u);
  base.self_check();
}

TEST_F(CommonTimeout, GoesWithItsBaseAndLeavesTheEvents) {
  std::optional<event_base> other(std::in_place, supported_methods()[0].name);
  event timer = event::timer(*other, [] {});
  event reader(*other, fds.a(), what::read | what::persist, [] {});
  timer.add(other->init_common_timeout(10ms));
  reader.add(other->init_common_timeout(10ms));

  other.reset();

  EXPECT_EQ(timer.pending(), what::none);
  EXPECT_EQ(reader.pending(), what::none);
}

/// Two kinds of events that come late to their loop: many persistent ones, and
/// as many others, each of which is added by the callback of one of the first.
class LateLoop {
 public:
  explicit LateLoop(std::size_t count) {
    base.set_clock(manual_clock::read);
    for (std::size_t i = 0; i < count; ++i) {
      event& next = other.emplace_back(base, -1, what::none, [] {});
      tick.emplace_back(base, -1, what::persist, [&next, this] { add(next); });
    }
  }

  /// How long it takes to call them all, in seconds of the processor's time.
  double runs(common_timeout* timeout) {
    common = timeout;
    for (event& ev : tick) {
      manual_clock::advance(1us);
      add(ev);
    }
    manual_clock::advance(1s + 500ms);
    const std::clock_t start = std::clock();
    base.loop(loop_flags::nonblock);
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }

  fake_kernel kernel;
  event_base base{std::make_unique<fake_eventop>(kernel)};

 private:
  void add(event& ev) { common ? ev.add(*common) : ev.add(1s); }

  common_timeout* common = nullptr;
  std::deque<event> tick;
  std::deque<event> other;
};

// Each of the first kind belongs behind the one before it, and before all of
// the second kind. To look for its place from the end would take hundreds of
// times as long; a third try is for a machine that does something else.
TEST(CommonTimeoutOfALateLoop, CostsAboutAsMuchAsPlainTimeouts) {
  double ratio = 0;
  for (int tries = 0; tries < 3; ++tries) {
    manual_clock::zero();
    LateLoop plain(20'000);
    LateLoop common(20'000);
    const double shortest = std::max(plain.runs(nullptr), 0.001);
    ratio = common.runs(&common.base.init_common_timeout(1s)) / shortest;
    common.base.self_check();
    if (ratio < 20) break;
  }
  EXPECT_LT(ratio, 20);
}

/// Events that come and go at random, and a list of what should become of them.
class AnyOrder : public CommonTimeout {
 protected:
  static constexpr std::size_t count = 12;

  struct promise {
    std::optional<time_point> due;  // its deadline
    int added = 0;  // when, among all events
    bool common = false;  // its period is a common one
  };

  AnyOrder() {
    base.priority_init(3);
    for (std::size_t i = 0; i < count; ++i) {
      const what kind = i % 2 == 0 ? what::persist : what::none;
      events.emplace_back(base, -1, kind, [this, i] { called(i); });
      events[i].priority_set(priority_of(i));
    }
  }

  static int priority_of(std::size_t i) { return static_cast<int>(i % 3); }

  std::size_t below(std::size_t end) { return random() % end; }

  void add(std::size_t i) {
    promises[i] = {manual_clock::time + 10ms, ++additions, below(8) != 0};
    promises[i].common ? events[i].add(ten) : events[i].add(10ms);
  }

  void del(std::size_t i) {
    events[i].del();
    promises[i].due = {};
  }

  void add_or_del() {
    const std::size_t i = below(count);
    below(4) == 0 ? del(i) : add(i);
  }

  /// The first of those that are due, if any; by the list.
  std::optional<std::size_t> expected() const {
    std::optional<std::size_t> first;
    const auto key = [this](std::size_t i) {
      return std::tuple(priority_of(i), *promises[i].due, promises[i].added);
    };
    for (std::size_t i = 0; i < count; ++i) {
      const auto& due = promises[i].due;
      if (!due || *due > turn_began || promises[i].added > last_addition) {
        continue;
      }
      if (!first || key(i) < key(*first)) first = i;
    }
    return first;
  }

  void called(std::size_t i) {
    ASSERT_EQ(expected(), i);
    promise& p = promises[i];
    const time_point next = *p.due + 10ms;
    if (i % 2 == 0) {
      p.due = next < manual_clock::time ? manual_clock::time + 10ms : next;
      p.added = ++additions;
    } else {
      p.due = {};
    }
    if (below(2) == 0) add_or_del();
    if (below(4) == 0) manual_clock::advance(1ms);
  }

  /// A turn, in which all are called that are due before it, in order.
  void turn() {
    manual_clock::advance(1ms * below(20));
    turn_began = manual_clock::time;
    last_addition = additions;
    base.loop(loop_flags::nonblock);
    EXPECT_EQ(expected(), std::nullopt);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(events[i].deadline(), promises[i].due);
    }
    base.self_check();
  }

  std::mt19937 random{5};
  std::deque<event> events;
  std::array<promise, count> promises;
  int additions = 0;
  int last_addition = 0;  // before the turn
  time_point turn_began;
};

TEST_F(AnyOrder, EndsInThatOfDeadlinesAndOfAddingAmongEquals) {
  for (int turns = 0; turns < 20'000 && !HasFailure(); ++turns) {
    while (below(4) != 0) {
      add_or_del();
      if (below(3) == 0) manual_clock::advance(1ms);
    }
    turn();
  }
}

}  // namespace
}  // namespace evolve
