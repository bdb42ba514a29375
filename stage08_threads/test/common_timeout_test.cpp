#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>
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

}  // namespace
}  // namespace evolve
