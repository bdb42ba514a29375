#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/min_heap.h"
#include "test/on_manual_clock.h"

namespace evolve {
namespace {

/// A heap by itself, of events that have deadlines. A base gives those; its own
/// heap is left again before the event comes on this one.
class MinHeap : public OnManualClock {
 protected:
  using order = std::vector<const event*>;

  event& due_in(duration length) {
    event& ev = events.emplace_back(base, -1, what::none, [] {});
    ev.add(length);
    ev.del();
    return ev;
  }

  void push(event& ev) {
    heap.reserve_one();
    heap.push(ev);
  }

  void push(std::size_t count) {
    while (count-- > 0) push(due_in(1ms));
  }

  /// Takes off all there is, in order.
  order drain() {
    order drained;
    while (!heap.empty()) {
      event& first = heap.top();
      drained.push_back(&first);
      heap.erase(first);
      heap.self_check();
    }
    return drained;
  }

  /// What is swept off when it is at(`since`), in order.
  order sweep(duration since, std::uint32_t newest = 1'000'000) {
    order swept;
    heap.sweep(at(since), newest, [&](event& ev) { swept.push_back(&ev); });
    return swept;
  }

  /// Those whose deadlines are from at(`first` ms) on and before at(`last` ms),
  /// in order, where that of events[i] is at(i * 17 % 200 ms).
  order by_deadline(std::size_t first, std::size_t last) {
    order found;
    for (std::size_t ms = first; ms < last; ++ms) {
      found.push_back(&events[ms * 153 % 200]);  // 17 * 153 = 1 modulo 200
    }
    return found;
  }

  std::deque<event> events;
  min_heap heap;
};

TEST_F(MinHeap, BeginsEmpty) {
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.size(), 0u);
  EXPECT_EQ(heap.capacity(), 0u);
}

TEST_F(MinHeap, HasTheEarliestDeadlineOnTop) {
  event& late = due_in(3ms);
  event& early = due_in(1ms);
  event& between = due_in(2ms);
  for (event* ev : {&late, &early, &between}) push(*ev);

  EXPECT_FALSE(heap.empty());
  EXPECT_EQ(heap.size(), 3u);
  EXPECT_EQ(drain(), (order{&early, &between, &late}));
  EXPECT_TRUE(heap.empty());
}

TEST_F(MinHeap, OrdersEqualDeadlinesByAdding) {
  order added;
  for (int i = 0; i < 100; ++i) added.push_back(&due_in(1ms));
  for (std::size_t i = 0; i < 100; ++i) push(events[i * 37 % 100]);

  EXPECT_EQ(drain(), added);
}

TEST_F(MinHeap, TellsTheEarliestDeadline) {
  push(due_in(2ms));
  EXPECT_EQ(heap.deadline(), at(2ms));

  push(due_in(1ms));
  EXPECT_EQ(heap.deadline(), at(1ms));
}

// The base writes the event's place in its own heap, the first, into the event;
// here that is its place too.
TEST_F(MinHeap, KeepsAnEntryThatIsTooEarlyUntilItIsMended) {
  event& moved = due_in(1ms);
  event& next = due_in(2ms);
  push(moved);
  push(next);
  EXPECT_FALSE(heap.mend());

  moved.add(3ms);
  moved.del();
  heap.adjust(moved);
  EXPECT_EQ(heap.deadline(), at(1ms));

  EXPECT_TRUE(heap.mend());
  EXPECT_EQ(heap.deadline(), at(2ms));
  EXPECT_FALSE(heap.mend());
  EXPECT_EQ(drain(), (order{&next, &moved}));
}

TEST_F(MinHeap, ShowsEachOfItsEventsOnce) {
  push(10);

  std::set<const event*> shown;
  for (std::size_t at = 0; at < heap.size(); ++at) shown.insert(&heap[at]);

  EXPECT_EQ(shown.size(), 10u);
}

TEST_F(MinHeap, AgreesWithASortedMultimap) {
  std::mt19937 random(1);
  std::multimap<duration, event*> sorted;
  for (int i = 0; i < 4'000; ++i) {
    const duration length(random() % 2'000);
    event& ev = due_in(length);
    push(ev);
    sorted.emplace(length, &ev);
    if (i % 3 != 0) continue;
    const auto victim = sorted.lower_bound(duration(random() % 2'000));
    if (victim == sorted.end()) continue;
    heap.erase(*victim->second);
    sorted.erase(victim);
  }

  order expected;
  for (const auto& [length, ev] : sorted) expected.push_back(ev);

  heap.self_check();
  EXPECT_EQ(drain(), expected);
}

// The hole is below 100 ms, and the last entry, which fills it, is earlier.
TEST_F(MinHeap, PutsTheLastEntryAboveTheHoleWhereItBelongs) {
  for (const auto length : {0ms, 100ms, 1ms, 1ms, 1ms}) push(due_in(length));
  for (const auto length : {101ms, 102ms, 103ms, 104ms}) push(due_in(length));
  event& last = due_in(2ms);
  push(last);

  heap.erase(events[5]);

  heap.self_check();
  EXPECT_EQ(&heap[1], &last);
}

TEST_F(MinHeap, StaysInOrderWhicheverEntryGoes) {
  for (std::size_t gone = 0; gone < 40; ++gone) {
    events.clear();
    for (std::size_t i = 0; i < 40; ++i) push(due_in(1ms * (i * 17 % 23)));
    heap.erase(events[gone]);
    EXPECT_NO_THROW(heap.self_check()) << "without " << gone;
    drain();
  }
}

TEST_F(MinHeap, GivesMemoryBackWhenMostEventsAreGone) {
  push(10'000);
  const std::size_t most = heap.capacity();
  ASSERT_GE(most, 10'000u);

  while (!heap.empty()) heap.erase(heap.top());

  EXPECT_LE(heap.capacity(), 16u);
}

TEST_F(MinHeap, HasLittleRoomToSpareAndYetGrowsSeldom) {
  std::set<std::size_t> rooms;
  for (std::size_t on_it = 0; on_it < 10'000; ++on_it) {
    push(1);
    rooms.insert(heap.capacity());
    ASSERT_LE(heap.capacity(), on_it + on_it / 16 + 16);
  }

  EXPECT_LT(rooms.size(), 70u);
}

TEST_F(MinHeap, HasRoomForOneMoreAfterAnErase) {
  push(1'000);
  while (!heap.empty()) {
    heap.erase(heap.top());
    ASSERT_LT(heap.size(), heap.capacity());
  }
}

TEST_F(MinHeap, KeepsItsMemoryWhileItsSizeOnlySwings) {
  push(1'000);
  const std::size_t before = heap.capacity();

  for (int swing = 0; swing < 5; ++swing) {
    while (heap.size() > 400) heap.erase(heap.top());
    EXPECT_EQ(heap.capacity(), before);
    push(600);
    EXPECT_EQ(heap.capacity(), before);
  }
}

TEST_F(MinHeap, SweepsOffWhatIsDueAndKeepsTheRestInOrder) {
  for (std::size_t i = 0; i < 200; ++i) push(due_in(1ms * (i * 17 % 200)));

  EXPECT_EQ(sweep(149ms), by_deadline(0, 150));

  EXPECT_NO_THROW(heap.self_check());
  EXPECT_EQ(drain(), by_deadline(150, 200));
}

// The rest is moved to the front in its order, and a heap that is sorted has no
// entry that has to go up.
TEST_F(MinHeap, SweepLeavesASortedRestAsItIs) {
  for (std::size_t i = 0; i < 200; ++i) push(due_in(1ms * i));

  EXPECT_EQ(sweep(149ms).size(), 150u);

  ASSERT_EQ(heap.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(&heap[i], &events[150 + i]);
}

TEST_F(MinHeap, SweepsOffNothingWhereMostAreNotDue) {
  for (std::size_t i = 0; i < 200; ++i) push(due_in(1ms * (i * 17 % 200)));

  EXPECT_EQ(sweep(19ms), order{});

  EXPECT_EQ(drain(), by_deadline(0, 200));
}

TEST_F(MinHeap, SweepsEqualsByAge) {
  for (std::size_t i = 0; i < 40; ++i) push(due_in(i % 2 * 1ms));

  const order swept = sweep(1ms, 20);  // as if the last 20 were the oldest

  ASSERT_EQ(swept.size(), 40u);
  order expected;
  for (const std::size_t odd : {0u, 1u}) {
    for (std::size_t i = 20; i < 60; ++i) {
      if (i % 2 == odd) expected.push_back(&events[i % 40]);
    }
  }
  EXPECT_EQ(swept, expected);
}

TEST_F(MinHeap, GivesMemoryBackAfterASweep) {
  push(10'000);
  heap.reserve_one();
  heap.push(due_in(1s));

  EXPECT_EQ(sweep(1ms).size(), 10'000u);

  EXPECT_LE(heap.capacity(), 32u);
  EXPECT_LT(heap.size(), heap.capacity());
}

TEST_F(MinHeap, FindsAnEventThatIsOnTwoHeaps) {
  min_heap other;
  push(2);
  other.reserve_one();
  other.push(events.back());

  EXPECT_NO_THROW(other.self_check());
  EXPECT_THROW(heap.self_check(), std::logic_error);
}

#ifndef NDEBUG
using MinHeapDeathTest = MinHeap;

TEST_F(MinHeapDeathTest, DiesOfAnEventThatIsOnItAlready) {
  event& ev = due_in(1ms);
  push(ev);
  EXPECT_DEATH(push(ev), "holds");
}

TEST_F(MinHeapDeathTest, DiesOfWhatItHasNoRoomFor) {
  EXPECT_DEATH(heap.push(due_in(1ms)), "capacity_");
}

TEST_F(MinHeapDeathTest, DiesOfTheErasureOfWhatIsNotOnIt) {
  push(1);
  EXPECT_DEATH(heap.erase(due_in(1ms)), "holds");
}
#endif

/// The heap of a base: in what order timers are called.
class TimerOrder : public OnManualClock {
 protected:
  using order = std::vector<std::size_t>;

  /// More timers; each writes its number into `ran`.
  void make(std::size_t count) {
    while (count-- > 0) {
      timers.emplace_back(base, -1, what::none,
                          [this, n = timers.size()] { ran.push_back(n); });
    }
  }

  std::deque<event> timers;
  order ran;
};

TEST_F(TimerOrder, IsThatOfTheDeadlines) {
  make(3);
  timers[0].add(3ms);
  timers[1].add(1ms);
  timers[2].add(2ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{1, 2, 0}));
}

TEST_F(TimerOrder, IsThatOfAddingAmongEquals) {
  make(10);
  for (event& ev : timers) ev.add(1ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(TimerOrder, IsThatOfAddingAmongThoseThatComeToBeEqual) {
  make(3);
  timers[0].add(3ms);
  manual_clock::advance(1ms);
  timers[1].add(2ms);
  manual_clock::advance(1ms);
  timers[2].add(1ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{0, 1, 2}));
}

TEST_F(TimerOrder, PutsWhoIsAddedAgainBehindItsEquals) {
  make(4);
  for (event& ev : timers) ev.add(1ms);
  timers[0].add(1ms);
  timers[2].add(1ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{1, 3, 0, 2}));
}

TEST_F(TimerOrder, PutsWhoIsMovedToEarlierBehindItsEquals) {
  make(4);
  timers[3].add(5ms);
  for (const auto n : {0u, 1u, 2u}) timers[n].add(1ms);
  timers[3].add(1ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{0, 1, 2, 3}));
}

TEST_F(TimerOrder, PutsWhoIsMovedToLaterBehindItsEquals) {
  make(4);
  timers[0].add(1ms);
  for (const auto n : {1u, 2u, 3u}) timers[n].add(2ms);
  timers[0].add(2ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{1, 2, 3, 0}));
}

TEST_F(TimerOrder, IsThatOfTheLastAddWhenOneMovesToLaterAndBack) {
  make(3);
  for (event& ev : timers) ev.add(1ms);
  timers[0].add(5ms);
  timers[0].add(1ms);

  base.dispatch();

  EXPECT_EQ(ran, (order{1, 2, 0}));
}

// Timers 1 and 5, added again, are due after 37. Timer 5 then moves to later,
// and its entry, too early now, is what 37 finds above it when it takes the
// place of 21: still it must come before 1, which is above both.
TEST_F(TimerOrder, IsThatOfAddingBesideAnEntryThatIsTooEarly) {
  const auto length = [](std::size_t n) {
    if (n == 1 || n == 5 || n == 37) return 5ms;
    return n == 0 || n == 2 || n == 9 ? 1ms : 9ms;
  };
  make(38);
  for (std::size_t n = 0; n < 38; ++n) timers[n].add(length(n));
  timers[1].add(5ms);
  timers[5].add(5ms);
  timers[5].add(20ms);
  timers[21].del();
  turn_after(1ms);
  ran.clear();

  turn_after(4ms);

  EXPECT_EQ(ran, (order{37, 1}));
}

// A walk shows the events as they lie in the heap.
TEST_F(TimerOrder, LeavesAnEntryThatIsTooEarlyWhereItIsWhenItsEventMovesAgain) {
  const auto lie = [this] {
    std::vector<const event*> found;
    base.for_each_event([&found](const event_info& info) {
      found.push_back(info.ev);
      return true;
    });
    return found;
  };
  make(100);
  for (event& ev : timers) ev.add(1ms);
  for (event& ev : timers) ev.add(2ms);
  const auto before = lie();

  for (event& ev : timers) ev.add(3ms);

  EXPECT_EQ(lie(), before);
}

TEST_F(TimerOrder, KeepsSightOfTheRestWhenOneIsDeleted) {
  make(100);
  for (event& ev : timers) ev.add(1ms);
  for (std::size_t n = 0; n < 100; ++n) {
    if (n % 4 != 3) timers[n * 37 % 100].del();
    base.self_check();
  }
  order left;
  for (std::size_t n = 0; n < 100; ++n) {
    if (any(timers[n].pending())) left.push_back(n);
  }

  base.dispatch();

  EXPECT_EQ(left.size(), 25u);
  EXPECT_EQ(ran, left);
}

TEST_F(TimerOrder, KeepsSightOfTheRestWhenTheLastOfTwoThatAreTooEarlyGoes) {
  make(2);
  for (event& ev : timers) ev.add(1ms);
  for (event& ev : timers) ev.add(2ms);

  for (const std::size_t gone : {0u, 1u}) {
    timers[gone].del();
    base.self_check();
    turn_after(3ms);
    EXPECT_EQ(ran, (order{1 - gone})) << "without " << gone;
    ran.clear();
    for (event& ev : timers) ev.add(1ms);
    for (event& ev : timers) ev.add(2ms);
  }
}

/// The same timers on a base and in a multimap.
class TimerModel : public TimerOrder {
 protected:
  void add(std::size_t n, duration length) {
    forget(n);
    places[n] = sorted.emplace(manual_clock::time + length, n);
    timers[n].add(length);
  }

  void del(std::size_t n) {
    forget(n);
    timers[n].del();
  }

  /// Takes out of the multimap what is due, in order: equal keys are in the
  /// order of adding.
  order due() {
    order expected;
    const auto end = sorted.upper_bound(manual_clock::time);
    for (auto it = sorted.begin(); it != end; it = sorted.erase(it)) {
      expected.push_back(it->second);
      places.erase(it->second);
    }
    return expected;
  }

  void expect_agreement_after(duration by) {
    ran.clear();
    turn_after(by);
    EXPECT_EQ(ran, due());
  }

 private:
  using schedule = std::multimap<time_point, std::size_t>;

  void forget(std::size_t n) {
    const auto known = places.find(n);
    if (known == places.end()) return;
    sorted.erase(known->second);
    places.erase(known);
  }

  schedule sorted;
  std::map<std::size_t, schedule::iterator> places;
};

TEST_F(TimerModel, AgreesOnTenThousandTimers) {
  std::mt19937 random(2);
  const auto any_timer = [&] { return random() % timers.size(); };
  make(10'000);
  for (std::size_t n = 0; n < timers.size(); ++n) add(n, 1ns * random());
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t n = any_timer();
    add(n, 1ns * random());
    del(any_timer());
  }
  base.self_check();

  while (base.num_events(event_count::added) > 0) {
    expect_agreement_after(200ms);
  }
}

// Few timers and fewer deadlines: most of the heap are equals, many of them
// with an entry that is too early.
TEST_F(TimerModel, AgreesOnEqualsThatMove) {
  std::mt19937 random(3);
  make(40);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t n = random() % timers.size();
    random() % 3 == 0 ? del(n) : add(n, 1ms * (random() % 4));
    if (random() % 20 == 0) expect_agreement_after(1ms);
    if (HasFailure()) return;
  }
}

// Many that are due at once leave the heap together.
TEST_F(TimerModel, AgreesOnCrowds) {
  std::mt19937 random(4);
  make(1'000);
  for (int step = 0; step < 40'000; ++step) {
    const std::size_t n = random() % timers.size();
    random() % 8 == 0 ? del(n) : add(n, 1ms * (random() % 30));
    if (random() % 2'000 == 0) expect_agreement_after(1ms * (random() % 30));
    if (HasFailure()) return;
  }
}

/// A hundred timers that are due at once, and one that is not.
class Crowd : public TimerOrder {
 protected:
  Crowd() {
    make(size + 1);
    for (std::size_t n = 0; n < size; ++n) timers[n].add(10ms - 1us * n);
    timers[size].add(1h);
  }

  /// The numbers of those that are due, in order, but for `missing`.
  static order all_but(const order& missing) {
    order expected;
    for (std::size_t n = size; n-- > 0;) {
      if (std::ranges::find(missing, n) == missing.end()) expected.push_back(n);
    }
    return expected;
  }

  static constexpr std::size_t size = 100;
};

TEST_F(Crowd, IsCalledInOrder) {
  turn_after(10ms);

  EXPECT_EQ(ran, all_but({}));
  EXPECT_EQ(base.num_events(event_count::added), 1u);
}

TEST_F(Crowd, IsDueTogether) {
  std::size_t due = 0;
  event first =
      event::timer(base, [&] { due = base.num_events(event_count::active); });
  first.add(0ms);

  turn_after(10ms);

  EXPECT_EQ(due, size);
  EXPECT_EQ(base.max_events(event_count::active), size + 1);
  EXPECT_FALSE(any(timers[0].pending()));
}

TEST_F(Crowd, LosesThoseThatACallbackDeletesOrAddsAgain) {
  event first = event::timer(base, [&] {
    timers[0].del();
    timers[1].add(1ms);
    timers[2].remove_timer();
  });
  first.add(0ms);

  turn_after(10ms);
  EXPECT_EQ(ran, all_but({0, 1, 2}));
  ran.clear();

  turn_after(1ms);
  EXPECT_EQ(ran, order{1});
}

TEST_F(Crowd, LosesThoseThatACallbackDestroys) {
  auto gone = std::make_unique<event>(base, -1, what::none, [] { FAIL(); });
  gone->add(10ms);
  event first = event::timer(base, [&] { gone.reset(); });
  first.add(0ms);

  turn_after(10ms);

  EXPECT_EQ(ran, all_but({}));
}

TEST_F(Crowd, OfPersistentOnesIsDueAgain) {
  std::size_t calls = 0;
  std::deque<event> ticks;
  for (std::size_t n = 0; n < size; ++n) {
    ticks.emplace_back(base, -1, what::persist, [&] { ++calls; });
    ticks.back().add(10ms);
  }

  turn_after(15ms);
  EXPECT_EQ(calls, size);
  EXPECT_EQ(ticks[0].deadline(), at(20ms));

  turn_after(5ms);
  EXPECT_EQ(calls, 2 * size);
}

TEST_F(Crowd, IsCalledByPriority) {
  base.priority_init(2);
  for (std::size_t n = 0; n < size; ++n) timers[n].priority_set(n % 2 ? 0 : 1);

  turn_after(10ms);

  ASSERT_EQ(ran.size(), size);
  for (std::size_t at = 0; at < size; ++at) EXPECT_EQ(ran[at] % 2, at < 50u);
}

TEST_F(Crowd, WithTheExitAmongItIsCalledBeforeTheLoopLeaves) {
  event first(base, -1, what::none, [&] { base.loopexit(9ms); });
  first.active(what::none);
  event wakes = event::timer(base, [] { manual_clock::advance(10ms); });
  wakes.add(1us);

  EXPECT_EQ(base.loop(), loop_result::stopped);

  EXPECT_TRUE(base.got_exit());
  EXPECT_EQ(ran, all_but({}));
  base.self_check();
}

TEST_F(Crowd, ThatHasMovedToLaterIsNotCalled) {
  for (std::size_t n = 0; n < size; ++n) timers[n].add(20ms - 1us * n);

  turn_after(10ms);
  EXPECT_EQ(ran, order{});

  turn_after(10ms);
  EXPECT_EQ(ran, all_but({}));
}

TEST_F(Crowd, KeepsItsOrderBesideACommonTimeout) {
  order expected = all_but({});
  std::deque<event> idle;
  manual_clock::advance(-5ms);
  for (std::size_t n = 0; n < size; ++n) {
    idle.emplace_back(base, -1, what::none, [&, n] { ran.push_back(200 + n); });
    idle.back().add(base.init_common_timeout(15ms));
    expected.push_back(200 + n);
  }
  manual_clock::advance(5ms);

  turn_after(10ms);

  EXPECT_EQ(ran, expected);
}

}  // namespace
}  // namespace evolve
