#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/fake_eventop.h"
#include "test/interruptions.h"
#include "test/on_fake.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/thrown.h"

namespace evolve {
namespace {

// Events and callbacks refer to its address.
static_assert(!std::is_copy_constructible_v<event_base>);
static_assert(!std::is_move_constructible_v<event_base>);

TEST(EventBaseMade, ByDefaultWaitsWithTheFirstMethod) {
  EXPECT_STREQ(event_base().method(), supported_methods().front().name);
}

TEST(EventBaseMade, WaitsWithTheMethodOfThatName) {
  for (const method& m : supported_methods()) {
    EXPECT_STREQ(event_base(m.name).method(), m.name);
  }
}

TEST(EventBaseMade, RefusesAnUnknownName) {
  EXPECT_THROW(event_base("quill"), std::invalid_argument);
}

TEST(EventBaseMade, WaitsWithTheBackendItIsGiven) {
  fake_kernel kernel;
  const event_base base(std::make_unique<fake_eventop>(kernel));

  EXPECT_STREQ(base.method(), "fake");
}

TEST(EventBaseMade, RefusesNoBackend) {
  EXPECT_THROW(event_base(std::unique_ptr<eventop>()), std::invalid_argument);
}

/// A loop, and two descriptors that are ready.
class EventBase : public OnBackend {
 protected:
  EventBase() {
    a.send();
    b.send();
  }

  pair a;
  pair b;
  int calls = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, EventBase, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(EventBase, RunsUntilNoEventIsLeft) {
  event once(base, a.a(), what::read, [this] { ++calls; });
  event thrice(base, b.a(), what::read | what::persist, [&] {
    if (++calls == 4) thrice.del();
  });
  once.add();
  thrice.add();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 4);
}

TEST_P(EventBase, ReturnsAtOnceWhenThereIsNoEvent) {
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_P(EventBase, CanRunAgain) {
  event ev(base, a.a(), what::read, [this] { ++calls; });

  for (int runs = 1; runs <= 3; ++runs) {
    ev.add();
    base.dispatch();
    EXPECT_EQ(calls, runs);
  }
}

TEST_P(EventBase, CallsEveryEventThatIsReady) {
  const std::array<pair, 100> fds;
  std::vector<std::unique_ptr<event>> events;
  for (const pair& each : fds) {
    const auto count = [this] { ++calls; };
    events.push_back(
        std::make_unique<event>(base, each.a(), what::read, count));
    events.back()->add();
    each.send();
  }

  base.dispatch();

  EXPECT_EQ(calls, 100);
}

TEST_P(EventBase, WhatACallbackAddsIsCalledAfterAllThatWasDue) {
  std::string order;
  event late(base, a.b(), what::write, [&] { order += "late"; });
  const auto due = [&] {
    order += "due ";
    late.add();
  };
  event first(base, a.a(), what::read, due);
  event second(base, b.a(), what::read, due);

  first.add();
  second.add();
  base.dispatch();

  EXPECT_EQ(order, "due due late");
}

TEST_P(EventBase, AThrowingCallbackLeavesTheRestDue) {
  const auto thrower = [this] {
    ++calls;
    throw std::runtime_error("thrown by a callback");
  };
  event first(base, a.a(), what::read, thrower);
  event second(base, b.a(), what::read, thrower);
  first.add();
  second.add();

  EXPECT_THROW(base.dispatch(), std::runtime_error);
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(base.dispatch(), std::runtime_error);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_P(EventBase, CannotRunWithinACallbackAndGoesOnWhenItIsTried) {
  const auto nested = [this] {
    ++calls;
    EXPECT_THROW(base.dispatch(), std::logic_error);
  };
  event first(base, a.a(), what::read, nested);
  event second(base, b.a(), what::read, nested);
  first.add();
  second.add();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 2);
}

TEST_P(EventBase, AnotherBaseCanRunWithinACallback) {
  event_base other(make_backend(GetParam()));
  event inner(other, b.a(), what::read, [this] { ++calls; });
  inner.add();
  event outer(base, a.a(), what::read, [&other] { other.dispatch(); });
  outer.add();

  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(EventBase, GoesOnWhenItIsInterrupted) {
  const pair quiet;
  event ev(base, quiet.a(), what::read, [this] { ++calls; });
  ev.add();

  const interruptions that_write(quiet.b());
  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(EventBase, MayGoBeforeItsEvents) {
  auto shortlived = std::make_unique<event_base>(make_backend(GetParam()));
  event added(*shortlived, a.a(), what::read, [this] { ++calls; });
  event idle(*shortlived, b.a(), what::read, [this] { ++calls; });
  added.add();

  shortlived.reset();

  EXPECT_EQ(calls, 0);
}

TEST_P(EventBase, MayGoAfterItsEvents) {
  event_base longlived(make_backend(GetParam()));
  {
    event ev(longlived, a.a(), what::read, [this] { ++calls; });
    ev.add();
  }
  EXPECT_EQ(longlived.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 0);
}

TEST_P(EventBase, ClosesNoDescriptorWhenItGoes) {
  auto shortlived = std::make_unique<event_base>(make_backend(GetParam()));
  event ev(*shortlived, a.a(), what::read, [] {});
  ev.add();

  shortlived.reset();

  EXPECT_NE(::fcntl(a.a(), F_GETFD), -1);
}

/// The turns of a loop, as its backend sees them.
class EventBaseOnFake : public OnFake {
 protected:
  EventBaseOnFake() {
    a.emplace(base, fds.a(), what::read, [this] { called('a'); });
    b.emplace(base, fds.b(), what::read, [this] { called('b'); });
  }

  /// Makes both events due in the next turn.
  void both_are_due() {
    a->add();
    b->add();
    finds(fds.a(), what::read);
    finds(fds.b(), what::read);
  }

  std::optional<event> a;
  std::optional<event> b;
};

TEST_F(EventBaseOnFake, DoesNotWaitWhenThereIsNoEvent) {
  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(turn(), 0u);
}

TEST_F(EventBaseOnFake, WaitsOnceInATurnAndForEver) {
  event ev(base, fds.a(), what::read | what::persist, [&] {
    called('e');
    if (turn() == 3) return ev.del();
    finds(fds.a(), what::read);
  });

  ev.add();
  finds(fds.a(), what::read);
  base.dispatch();

  EXPECT_EQ(trace, "e1 e2 e3 ");
  EXPECT_EQ(kernel.waits, (decltype(kernel.waits)(3, std::nullopt)));
}

TEST_F(EventBaseOnFake, CallsInTheOrderInWhichTheyWereFound) {
  a->add();
  b->add();
  finds(fds.b(), what::read);
  finds(fds.a(), what::read);

  base.dispatch();

  EXPECT_EQ(trace, "b1 a1 ");
}

TEST_F(EventBaseOnFake, DoesNotCallWhatACallbackHasDeleted) {
  a.emplace(base, fds.a(), what::read, [this] {
    called('a');
    b->del();
  });

  both_are_due();
  base.dispatch();

  EXPECT_EQ(trace, "a1 ");
}

TEST_F(EventBaseOnFake, CallsInTheNextTurnWhatACallbackHasAdded) {
  a.emplace(base, fds.a(), what::read, [this] {
    called('a');
    b->del();
    b->add();
    finds(fds.b(), what::read);
  });

  both_are_due();
  base.dispatch();

  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(EventBaseOnFake, DoesNotTakeANewEventForTheOneInWhosePlaceItIs) {
  a.emplace(base, fds.a(), what::read, [this] {
    called('a');
    b.emplace(base, fds.b(), what::read, [this] { called('n'); });
    b->add();
    finds(fds.b(), what::read);
  });

  both_are_due();
  base.dispatch();

  EXPECT_EQ(trace, "a1 n2 ");
}

TEST_F(EventBaseOnFake, LooksButDoesNotWaitWhileSomethingIsDue) {
  a.emplace(base, fds.a(), what::read, [] { throw std::bad_exception(); });
  both_are_due();

  EXPECT_THROW(base.dispatch(), std::bad_exception);
  EXPECT_EQ(trace, "");
  base.dispatch();

  EXPECT_EQ(trace, "b2 ");
  EXPECT_EQ(kernel.waits.at(1), std::chrono::nanoseconds(0));
}

TEST_F(EventBaseOnFake, AddsWhatHappensToWhatAnEventIsDueFor) {
  what seen = what::none;
  a.emplace(base, fds.a(), what::read, [] { throw std::bad_exception(); });
  b.emplace(base, fds.b(), what::read | what::write, [&seen, this](what fired) {
    seen = fired;
    called('b');
  });
  both_are_due();
  EXPECT_THROW(base.dispatch(), std::bad_exception);

  finds(fds.b(), what::write);
  base.dispatch();

  EXPECT_EQ(seen, what::read | what::write);
  EXPECT_EQ(trace, "b2 ");
}

TEST_F(EventBaseOnFake, ThrowsWhenItCannotWaitAndCanBeRunAgain) {
  a->add();
  kernel.broken = ENOMEM;

  EXPECT_EQ(error_of([this] { base.dispatch(); }),
            std::errc::not_enough_memory);
  EXPECT_EQ(a->pending(), what::read);

  kernel.broken = 0;
  finds(fds.a(), what::read);
  base.dispatch();
  EXPECT_EQ(trace, "a2 ");
}

TEST_F(EventBaseOnFake, GoesOnWhenADescriptorGoesBad) {
  a.emplace(base, fds.a(), what::read | what::persist, [this] {
    called('a');
    finds(fds.b(), what::read);
  });
  a->add();
  b->add();

  finds(fds.a(), what::unwatched, EBADF);
  base.dispatch();

  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(EventBaseOnFake, TakesOffWhatIsLeftWhenItGoes) {
  auto shortlived =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event left(*shortlived, fds.a(), what::read, [this] { called('l'); });
  left.add();

  shortlived.reset();

  EXPECT_EQ(kernel.calls.size(), 2u);
  EXPECT_EQ(kernel.calls.back(),
            "del " + std::to_string(fds.a()) + " read->none");
}

TEST_F(EventBaseOnFake, CallsNothingWhenItGoesWhateverIsDue) {
  auto shortlived =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event thrower(*shortlived, fds.a(), what::read,
                [] { throw std::bad_exception(); });
  event due(*shortlived, fds.b(), what::read, [this] { called('d'); });
  thrower.add();
  due.add();
  finds(fds.a(), what::read);
  finds(fds.b(), what::unwatched, EBADF);
  EXPECT_THROW(shortlived->dispatch(), std::bad_exception);

  shortlived.reset();

  EXPECT_EQ(trace, "");
}

/// Several events on one descriptor.
class ManyEvents : public OnBackend {
 protected:
  pair fds;
  std::string trace;
};
INSTANTIATE_TEST_SUITE_P(Backends, ManyEvents, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(ManyEvents, OnADescriptorAreCalledInTheOrderOfAdding) {
  event a(base, fds.a(), what::read, [this] { trace += 'a'; });
  event b(base, fds.a(), what::read | what::write, [this] { trace += 'b'; });
  event c(base, fds.a(), what::read, [this] { trace += 'c'; });
  for (event* ev : {&c, &a, &b}) ev->add();
  fds.send();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "cab");
}

TEST_P(ManyEvents, OnADescriptorHearOnlyWhatTheyWaitFor) {
  std::vector<what> heard;
  const auto listen = [&](what fired) { heard.push_back(fired); };
  event reader(base, fds.a(), what::read, listen);
  event writer(base, fds.a(), what::write, listen);
  event both(base, fds.a(), what::read | what::write, listen);
  for (event* ev : {&reader, &writer, &both}) ev->add();
  fds.send();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(heard, (std::vector<what>{what::read, what::write,
                                      what::read | what::write}));
}

TEST_P(ManyEvents, DoNotStopEachOther) {
  event once(base, fds.a(), what::read, [this] { trace += 'o'; });
  event often(base, fds.a(), what::read | what::persist,
              [this] { trace += 'p'; });
  once.add();
  often.add();
  fds.send();

  for (int i = 0; i < 3; ++i) base.loop(loop_flags::nonblock);

  EXPECT_EQ(trace, "oppp");
}

TEST_P(ManyEvents, HearAllOfAHangup) {
  event reader(base, fds.a(), what::read, [this] { trace += 'r'; });
  event writer(base, fds.a(), what::write, [this] { trace += 'w'; });
  reader.add();
  writer.add();
  fds.close_b();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "rw");
}

TEST_P(ManyEvents, OnManyDescriptorsAreAllCalledInOnePass) {
  const std::vector<pair> pairs(100);
  std::list<event> events;
  int calls = 0;
  for (const pair& p : pairs) {
    events.emplace_back(base, p.a(), what::read, [&] { ++calls; }).add();
    p.send();
  }

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, 100);
}

/// On the backends that are told when a descriptor was closed.
class ManyEventsOfSets : public ManyEvents {};
INSTANTIATE_TEST_SUITE_P(Backends, ManyEventsOfSets,
                         ::testing::Values("poll", "select"), backend_name);

TEST_P(ManyEventsOfSets, OnADescriptorThatIsClosedAreAllCalledOnceAndTakenOff) {
  const recorded_log messages;
  std::vector<what> heard;
  const auto listen = [&](what fired) { heard.push_back(fired); };
  event reader(base, fds.a(), what::read | what::persist, listen);
  event writer(base, fds.a(), what::write | what::persist, listen);
  event another(base, fds.a(), what::read, listen);
  for (event* ev : {&reader, &writer, &another}) ev->add();
  fds.close_a();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(heard, std::vector<what>(3, what::unwatched));
  EXPECT_EQ(messages.received().size(), 1u);
  base.self_check();
}

TEST_P(ManyEventsOfSets, GoOnWhenAnotherDescriptorIsClosed) {
  const recorded_log messages;
  pair good;
  event bad(base, fds.a(), what::read, [this] { trace += 'b'; });
  event well(base, good.a(), what::read, [this] { trace += 'w'; });
  bad.add();
  well.add();
  fds.close_a();
  base.loop(loop_flags::once);
  EXPECT_EQ(trace, "b");

  good.send();
  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "bw");
}

class BadDescriptor : public OnFake {};

TEST_F(BadDescriptor, IsLogged) {
  const recorded_log messages;
  event ev(base, fds.a(), what::read, [] {});
  ev.add();
  finds(fds.a(), what::unwatched, EBADF);

  base.loop();

  const std::string reason = std::generic_category().message(EBADF);
  EXPECT_EQ(messages.received(),
            (recorded_log::lines{
                {severity::warn, "fake: descriptor " + std::to_string(fds.a()) +
                                     " is taken off: " + reason}}));
}

TEST_F(BadDescriptor, CallsOnlyOnceWhatHasBeenDueAlready) {
  const recorded_log messages;
  event ev(base, fds.a(), what::read | what::persist, [this] { called('a'); });
  ev.add();
  ev.active(what::read);
  finds(fds.a(), what::unwatched, EBADF);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "a1 ");
}

TEST_F(BadDescriptor, IsAllThatAnEventIsToldOf) {
  const recorded_log messages;
  std::vector<what> heard;
  event ev(base, fds.a(), what::read | what::persist,
           [&heard](what fired) { heard.push_back(fired); });
  pair other;
  event first(base, other.a(), what::read, [&ev] { ev.active(what::write); });
  first.add();
  ev.add();
  ev.active(what::read);
  finds(other.a(), what::read);
  finds(fds.a(), what::unwatched, EBADF);

  base.loop();

  EXPECT_EQ(heard, (std::vector<what>{what::unwatched, what::write}));
}

TEST_F(BadDescriptor, IsNotJoinedByWhatComesLater) {
  const recorded_log messages;
  what heard = what::none;
  event ev(base, fds.a(), what::read | what::persist,
           [&heard](what fired) { heard = fired; });
  pair other;
  event first(base, other.a(), what::read, [&ev] { ev.active(what::write); });
  first.add();
  ev.add();
  finds(other.a(), what::read);
  finds(fds.a(), what::unwatched, EBADF);

  base.loop();

  EXPECT_EQ(heard, what::unwatched);
}

TEST_F(BadDescriptor, LeavesItsEventsToBeAddedAnew) {
  const recorded_log messages;
  event ev(base, fds.a(), what::read, [&] {
    called('a');
    if (turn() == 1) ev.add();
  });
  ev.add();
  finds(fds.a(), what::unwatched, EBADF);
  kernel.meanwhile = [this] {
    if (turn() == 2) finds(fds.a(), what::read);
  };

  base.loop();

  EXPECT_EQ(trace, "a1 a2 ");
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

class Priorities : public OnFake {
 protected:
  /// Makes due events of these priorities, and returns them.
  std::list<event> due(std::initializer_list<int> priorities) {
    std::list<event> events;
    for (const int priority : priorities) {
      event& ev = events.emplace_back(base, -1, what::none, [this] {
        called(static_cast<char>('0' + base.running_event()->priority()));
      });
      ev.priority_set(priority);
      ev.active(what::read);
    }
    return events;
  }
};

TEST_F(Priorities, ThereIsOneAtFirst) {
  EXPECT_EQ(base.npriorities(), 1);
}

TEST_F(Priorities, ThereCanBe1To256) {
  for (const int count : {2, 255, 256, 1}) {
    base.priority_init(count);
    EXPECT_EQ(base.npriorities(), count);
  }
  for (const int count : {-1, 0, 257}) {
    EXPECT_THROW(base.priority_init(count), std::invalid_argument);
    EXPECT_EQ(base.npriorities(), 1);
  }
}

TEST_F(Priorities, OnlyTheMostUrgentEventsAreCalledInATurn) {
  base.priority_init(3);
  const auto events = due({2, 0, 1, 0, 2});

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "01 01 12 23 23 ");
  EXPECT_EQ(kernel.waits, (waits{at_once, at_once, at_once}));
}

TEST_F(Priorities, TheMostUrgentOf256ComesFirst) {
  base.priority_init(256);
  event last(base, -1, what::none, [this] { called('z'); });
  event first(base, -1, what::none, [this] { called('a'); });
  last.priority_set(255);
  first.priority_set(0);
  last.active(what::read);
  first.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "a1 z2 ");
}

TEST_F(Priorities, UrgentEventsKeepTheOthersWaitingAsLongAsTheyCome) {
  base.priority_init(2);
  int urgent_calls = 0;
  event urgent(base, fds.a(), what::read | what::persist,
               [&] { ++urgent_calls; });
  urgent.priority_set(0);
  urgent.add();
  int urgent_calls_before = 0;
  event lazy(base, fds.b(), what::read, [&] {
    urgent_calls_before = urgent_calls;
    urgent.del();
  });
  lazy.add();
  finds(fds.b(), what::read);
  kernel.meanwhile = [this] {
    if (turn() <= 1000) finds(fds.a(), what::read);
  };

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(urgent_calls_before, 1000);
}

TEST_F(Priorities, AreAllServedInOnePassInTheirOrder) {
  base.priority_init(3);
  const auto events = due({2, 1, 0, 1});

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(trace, "01 11 11 21 ");
}

TEST_F(Priorities, AreRefusedWhenAnAddedEventHasOneThatWouldBeNoMore) {
  base.priority_init(3);
  event ev(base, fds.a(), what::read, [this] { called('a'); });
  ev.priority_set(2);
  ev.add();

  EXPECT_THROW(base.priority_init(2), std::logic_error);

  EXPECT_EQ(base.npriorities(), 3);
  finds(fds.a(), what::read);
  base.loop();
  EXPECT_EQ(trace, "a1 ");
}

TEST_F(Priorities, MayBecomeFewerWhenNoAddedEventIsConcerned) {
  base.priority_init(3);
  event idle(base, fds.a(), what::read, [] {});
  idle.priority_set(2);
  event added(base, fds.a(), what::read, [] {});
  added.add();

  base.priority_init(2);

  EXPECT_EQ(base.npriorities(), 2);
}

TEST_F(Priorities, StayWhileAnEventIsDue) {
  event ev(base, -1, what::none, [] {});
  ev.active(what::read);
  EXPECT_THROW(base.priority_init(2), std::logic_error);

  ev.del();
  EXPECT_NO_THROW(base.priority_init(2));
}

TEST_F(Priorities, StayDuringACallback) {
  event ev(base, -1, what::none,
           [this] { EXPECT_THROW(base.priority_init(1), std::logic_error); });
  ev.active(what::read);

  base.loop();

  EXPECT_NO_THROW(base.priority_init(2));
}

TEST_F(Priorities, StayDuringTheCallbackOfAnEventThatDestroyedItself) {
  std::optional<event> ev;
  ev.emplace(base, -1, what::none, [&] {
    ev.reset();
    EXPECT_THROW(base.priority_init(1), std::logic_error);
  });
  ev->active(what::read);

  base.loop();
}

class LoopFlags : public OnFake {};

TEST_F(LoopFlags, NoneRunsUntilNoEventIsLeft) {
  event a(base, fds.a(), what::read, [this] { called('a'); });
  a.add();
  kernel.meanwhile = [this] {
    if (turn() == 3) finds(fds.a(), what::read);
  };

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "a3 ");
  EXPECT_EQ(kernel.waits, (waits{forever, forever, forever}));
}

TEST_F(LoopFlags, WithoutEventsNoneOfThemWaits) {
  for (const loop_flags flags :
       {loop_flags::none, loop_flags::once, loop_flags::nonblock}) {
    EXPECT_EQ(base.loop(flags), loop_result::no_events);
  }
  EXPECT_EQ(kernel.waits, waits{});
}

TEST_F(LoopFlags, OnceWaitsUntilSomethingWasCalled) {
  event a(base, fds.a(), what::read | what::persist, [this] { called('a'); });
  a.add();
  kernel.meanwhile = [this] {
    if (turn() == 3) finds(fds.a(), what::read);
  };

  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);

  EXPECT_EQ(trace, "a3 ");
  EXPECT_EQ(kernel.waits, (waits{forever, forever, forever}));
}

TEST_F(LoopFlags, OnceGoesOnWhileAnythingIsDue) {
  base.priority_init(2);
  event lazy(base, fds.a(), what::read | what::persist,
             [this] { called('l'); });
  event urgent(base, fds.a(), what::read | what::persist,
               [this] { called('u'); });
  urgent.priority_set(0);
  lazy.add();
  urgent.add();
  finds(fds.a(), what::read);

  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);

  EXPECT_EQ(trace, "u1 l2 ");
}

TEST_F(LoopFlags, NonblockNeverWaitsAndReturnsAlthoughNothingCame) {
  event ev(base, fds.a(), what::read, [] { FAIL(); });
  ev.add();

  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::idle);

  EXPECT_EQ(kernel.waits, waits{at_once});
}

TEST_F(LoopFlags, NonblockLeavesForTheNextRunWhatACallbackActivates) {
  event ev(base, -1, what::none, [&] {
    called('a');
    ev.active(what::read);
  });
  ev.active(what::read);

  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::stopped);
  EXPECT_EQ(trace, "a1 ");
  EXPECT_EQ(ev.pending(), what::read);

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "a1 a2 ");
}

TEST_F(LoopFlags, NonblockCallsAllThatIsDueWhateverIsActivatedMeanwhile) {
  base.priority_init(2);
  event urgent(base, -1, what::none, [this] { called('u'); });
  urgent.priority_set(0);
  event a(base, -1, what::none, [&] {
    called('a');
    urgent.active(what::read);
  });
  event b(base, -1, what::none, [this] { called('b'); });
  a.active(what::read);
  b.active(what::read);

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "a1 b1 ");

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "a1 b1 u2 ");
}

TEST_F(LoopFlags, TheResultSaysWhetherAnythingWasCalled) {
  event ev(base, fds.a(), what::read | what::persist, [] {});
  ev.add();

  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::idle);
  ev.active(what::read);
  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::stopped);
  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::idle);
}

TEST_F(LoopFlags, TheLoopRunsInCallbacksAlone) {
  bool runs = false;
  event ev(base, -1, what::none, [&] { runs = base.running_loop(); });
  ev.active(what::read);

  EXPECT_FALSE(base.running_loop());
  base.dispatch();
  EXPECT_TRUE(runs);
  EXPECT_FALSE(base.running_loop());
}

TEST_F(LoopFlags, OnceAndNonblockTogetherAreOnePass) {
  event ev(base, fds.a(), what::read, [] { FAIL(); });
  ev.add();

  EXPECT_EQ(base.loop(loop_flags::once | loop_flags::nonblock),
            loop_result::idle);

  EXPECT_EQ(kernel.waits, waits{at_once});
}

TEST_F(LoopFlags, NoExitOnEmptyWaitsAlsoWithoutEvents) {
  kernel.meanwhile = [this] {
    if (turn() == 3) base.loopbreak();
  };

  EXPECT_EQ(base.loop(loop_flags::no_exit_on_empty), loop_result::idle);

  EXPECT_EQ(kernel.waits, (waits{forever, forever, forever}));
}

TEST_F(LoopFlags, NoExitOnEmptyLooksOnceWithNonblock) {
  EXPECT_EQ(base.loop(loop_flags::no_exit_on_empty | loop_flags::nonblock),
            loop_result::idle);

  EXPECT_EQ(kernel.waits, waits{at_once});
}

TEST_F(LoopFlags, BelongToOneRun) {
  EXPECT_EQ(base.loop(loop_flags::no_exit_on_empty | loop_flags::nonblock),
            loop_result::idle);

  EXPECT_EQ(base.loop(), loop_result::no_events);
}

class OnePass : public OnBackend {};
INSTANTIATE_TEST_SUITE_P(Backends, OnePass, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(OnePass, CallsAnEventThatDrainsNothingExactlyOnce) {
  const pair fds;
  int calls = 0;
  event ev(base, fds.a(), what::read | what::persist, [&] { ++calls; });
  ev.add();
  fds.send();

  EXPECT_EQ(base.loop(loop_flags::nonblock), loop_result::stopped);

  EXPECT_EQ(calls, 1);
}

class Requests : public OnFake {
 protected:
  /// From now on each wait finds that both can be read; in turn `last` the loop
  /// is told to break.
  void are_ready_until(std::size_t last) {
    last_ = last;
    a_.add();
    b_.add();
    kernel.meanwhile = [this] {
      finds(fds.a(), what::read);
      finds(fds.b(), what::read);
    };
  }

 private:
  event a_{base, fds.a(), what::read | what::persist, [this] { called('a'); }};
  event b_{base, fds.b(), what::read | what::persist, [this] {
             called('b');
             if (turn() == last_) base.loopbreak();
           }};
  std::size_t last_ = 0;
};

TEST_F(Requests, BreakLeavesTheRestDueForTheNextRun) {
  event first(base, -1, what::none, [this] {
    called('1');
    base.loopbreak();
  });
  event second(base, -1, what::none, [this] { called('2'); });
  first.active(what::read);
  second.active(what::read);

  EXPECT_EQ(base.loop(), loop_result::stopped);
  EXPECT_EQ(trace, "11 ");
  EXPECT_EQ(base.num_events(event_count::active), 1u);

  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "11 22 ");
}

TEST_F(Requests, ExitLetsAllThatIsDueBeCalledInAllPriorities) {
  base.priority_init(3);
  event urgent(base, -1, what::none, [this] {
    called('u');
    base.loopexit();
  });
  event middle(base, -1, what::none, [this] { called('m'); });
  event lazy(base, -1, what::none, [this] { called('l'); });
  urgent.priority_set(0);
  lazy.priority_set(2);
  for (event* ev : {&lazy, &middle, &urgent}) ev->active(what::read);

  EXPECT_EQ(base.loop(), loop_result::stopped);

  EXPECT_EQ(trace, "u1 m1 l1 ");
}

TEST_F(Requests, ExitLeavesForTheNextRunWhatACallbackActivates) {
  event ev(base, -1, what::none, [&] {
    called('e');
    base.loopexit();
    ev.active(what::read);
  });
  ev.active(what::read);

  EXPECT_EQ(base.loop(), loop_result::stopped);

  EXPECT_EQ(trace, "e1 ");
  EXPECT_EQ(ev.pending(), what::read);
}

TEST_F(Requests, ExitIsNotCutShortByAMoreUrgentEvent) {
  base.priority_init(3);
  event urgent(base, -1, what::none, [this] { called('u'); });
  urgent.priority_set(0);
  bool exit_comes_first = false;
  event a(base, -1, what::none, [&] {
    called('a');
    if (exit_comes_first) base.loopexit();
    urgent.active(what::read);
    if (!exit_comes_first) base.loopexit();
  });
  event b(base, -1, what::none, [this] { called('b'); });
  event lazy(base, -1, what::none, [this] { called('l'); });
  lazy.priority_set(2);

  for (const bool first : {false, true}) {
    exit_comes_first = first;
    urgent.del();
    kernel.waits.clear();
    trace.clear();
    for (event* ev : {&a, &b, &lazy}) ev->active(what::read);
    base.loop();
    EXPECT_EQ(trace, "a1 b1 l1 ") << "exit first: " << first;
    EXPECT_EQ(urgent.pending(), what::read) << "for the next run";
  }
}

// An event may be due in as many turns as urgent ones keep coming.
TEST_F(Requests, ExitLetsBeCalledWhatHasBeenDueForAnyNumberOfTurns) {
  base.priority_init(2);
  std::size_t turns = 0;
  event urgent(base, fds.a(), what::read | what::persist, [&] {
    if (turn() == turns) base.loopexit();
  });
  urgent.priority_set(0);
  urgent.add();
  event lazy(base, -1, what::none, [this] { called('l'); });
  kernel.meanwhile = [this] { finds(fds.a(), what::read); };

  for (turns = 1; turns <= 600; ++turns) {
    kernel.waits.clear();
    trace.clear();
    lazy.active(what::read);
    base.loop();
    ASSERT_EQ(trace, 'l' + std::to_string(turns) + ' ');
  }
}

TEST_F(Requests, ContinueLooksAgainBeforeTheRestIsCalled) {
  base.priority_init(2);
  event first(base, -1, what::none, [this] {
    called('1');
    finds(fds.a(), what::read);
    base.loopcontinue();
  });
  event second(base, -1, what::none, [this] { called('2'); });
  event urgent(base, fds.a(), what::read, [this] { called('u'); });
  urgent.priority_set(0);
  urgent.add();
  first.active(what::read);
  second.active(what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "11 u2 23 ");
}

TEST_F(Requests, ContinueEndsTheOnlyTurnOfARun) {
  event first(base, -1, what::none, [this] {
    called('1');
    base.loopcontinue();
  });
  event second(base, -1, what::none, [this] { called('2'); });
  first.active(what::read);
  second.active(what::read);

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "11 ");

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "11 22 ");
}

TEST_F(Requests, ExitBeforeTheStartIsForTheNextRun) {
  are_ready_until(9);

  base.loopexit();
  EXPECT_FALSE(base.got_exit());
  EXPECT_EQ(base.loop(), loop_result::stopped);

  EXPECT_EQ(trace, "a1 b1 ");
  EXPECT_EQ(kernel.waits, waits{at_once});
  EXPECT_TRUE(base.got_exit());
}

TEST_F(Requests, BreakBeforeTheStartIsForTheNextRun) {
  are_ready_until(9);

  base.loopbreak();
  EXPECT_FALSE(base.got_break());
  EXPECT_EQ(base.loop(), loop_result::idle);

  EXPECT_EQ(trace, "");
  EXPECT_EQ(kernel.waits, waits{}) << "it did not even look";
  EXPECT_TRUE(base.got_break());
}

TEST_F(Requests, ContinueBeforeTheStartChangesNothing) {
  are_ready_until(9);

  base.loopcontinue();
  base.loop(loop_flags::once);

  EXPECT_EQ(trace, "a1 b1 ");
}

TEST_F(Requests, ThatWereNotNeededEndWithTheirRun) {
  are_ready_until(2);
  base.loopexit();
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "a1 b1 ");

  base.loop();

  EXPECT_EQ(trace, "a1 b1 a2 b2 ");
  EXPECT_FALSE(base.got_exit());
}

TEST_F(Requests, EndWithARunThatHadNoEvents) {
  base.loopexit();
  EXPECT_EQ(base.loop(), loop_result::no_events);

  are_ready_until(2);
  base.loop();

  EXPECT_EQ(trace, "a1 b1 a2 b2 ");
}

TEST_F(Requests, CanBeSeenAfterARunThatHadNoEvents) {
  base.loopexit();
  base.loopbreak();

  EXPECT_EQ(base.loop(loop_flags::once), loop_result::idle);
  EXPECT_TRUE(base.got_break());

  base.loopexit();
  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_TRUE(base.got_exit());
}

TEST_F(Requests, EndWithARunThatACallbackLeftByThrowing) {
  event thrower(base, -1, what::none, [this] {
    base.loopexit();
    base.loopbreak();
    base.loopcontinue();
    throw std::runtime_error("enough");
  });
  thrower.active(what::read);
  EXPECT_THROW(base.loop(), std::runtime_error);
  EXPECT_TRUE(base.got_exit());
  EXPECT_TRUE(base.got_break());

  are_ready_until(3);
  base.loop();

  EXPECT_EQ(trace, "a2 b2 a3 b3 ");
}

TEST_F(Requests, CanBeSeenFromTheMomentOfAskingUntilTheNextRun) {
  event ev(base, -1, what::none, [this] {
    EXPECT_FALSE(base.got_exit() || base.got_break());
    base.loopexit();
    EXPECT_TRUE(base.got_exit());
    base.loopbreak();
    EXPECT_TRUE(base.got_break());
  });
  ev.active(what::read);
  base.loop();
  EXPECT_TRUE(base.got_exit() && base.got_break());

  base.loop();
  EXPECT_FALSE(base.got_exit() || base.got_break());
}

class Once : public OnBackend {
 protected:
  pair fds;
  std::vector<std::pair<int, what>> calls;

  /// Notes its arguments.
  callback note() {
    return [this](int fd, what fired) { calls.emplace_back(fd, fired); };
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Once, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Once, CallsOnceWhenTheDescriptorIsReady) {
  base.once(fds.a(), what::read, note());
  EXPECT_EQ(base.num_events(event_count::added), 1u);
  fds.send();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(calls, (std::vector<std::pair<int, what>>{{fds.a(), what::read}}));
}

TEST_P(Once, CallsInTheNextTurnWithoutADescriptor) {
  base.once(-1, what::none, note());
  EXPECT_EQ(calls.size(), 0u);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, (std::vector<std::pair<int, what>>{{-1, what::none}}));
}

TEST_P(Once, InACallbackMeansTheNextTurn) {
  base.once(-1, what::none, [this] { base.once(-1, what::none, note()); });

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(calls.size(), 0u);

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(calls.size(), 1u);
}

TEST_P(Once, KeepsTheOrderOfAsking) {
  std::string trace;
  base.once(-1, what::none, [&] { trace += 'a'; });
  base.once(-1, what::none, [&] { trace += 'b'; });

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "ab");
}

TEST_P(Once, IsNotForPersistentEvents) {
  EXPECT_THROW(base.once(fds.a(), what::read | what::persist, note()),
               std::invalid_argument);
  EXPECT_EQ(base.loop(), loop_result::no_events);
}

TEST_P(Once, LeavesNothingBehindWhenItIsRefused) {
  const int bad = fds.a();
  fds.close_a();

  EXPECT_THROW(base.once(bad, what::read, note()), std::system_error);

  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(calls.size(), 0u);
}

TEST_P(Once, MayThrow) {
  base.once(-1, what::none, [] { throw std::runtime_error("enough"); });

  EXPECT_THROW(base.loop(), std::runtime_error);

  base.self_check();
  EXPECT_EQ(base.loop(), loop_result::no_events) << "it is gone";
}

TEST_P(Once, MayDestroyOtherEventsThatAreDue) {
  std::optional<event> other;
  base.once(-1, what::none, [&] { other.reset(); });
  other.emplace(base, -1, what::none, note());
  other->active(what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(calls.size(), 0u);
}

TEST_P(Once, IsAnEventOfItsOwn) {
  const event* seen = nullptr;
  base.once(fds.a(), what::read, [&] { seen = base.running_event(); });
  int shown = 0;
  base.for_each_event([&](const event_info&) { return ++shown > 0; });
  fds.send();

  base.loop();

  EXPECT_EQ(shown, 1);
  EXPECT_NE(seen, nullptr);
}

TEST_P(Once, IsForgottenWithTheBase) {
  auto short_lived = std::make_unique<event_base>(make_backend(GetParam()));
  short_lived->once(fds.a(), what::read, note());
  short_lived->once(-1, what::none, note());
  fds.send();

  short_lived.reset();

  EXPECT_EQ(calls.size(), 0u);
}

class Counting : public OnFake {
 protected:
  std::size_t added() const { return base.num_events(event_count::added); }
  std::size_t due() const { return base.num_events(event_count::active); }

  event a{base, fds.a(), what::read | what::persist, [this] { called('a'); }};
  event b{base, fds.a(), what::read, [this] { called('b'); }};
  event c{base, -1, what::none, [this] { called('c'); }};
};

TEST_F(Counting, TellsHowManyEventsAreAddedAndHowManyDue) {
  EXPECT_EQ(added(), 0u);
  EXPECT_EQ(due(), 0u);

  a.add();
  b.add();
  c.active(what::read);
  EXPECT_EQ(added(), 2u);
  EXPECT_EQ(due(), 1u);

  a.active(what::read);
  EXPECT_EQ(added(), 2u);
  EXPECT_EQ(due(), 2u);
}

TEST_F(Counting, CountsAnEventOnceHoweverOftenItIsAddedOrActivated) {
  for (int i = 0; i < 3; ++i) {
    a.add();
    a.active(what::read | what::write);
  }
  EXPECT_EQ(added(), 1u);
  EXPECT_EQ(due(), 1u);

  a.del();
  EXPECT_EQ(added(), 0u);
  EXPECT_EQ(due(), 0u);
}

TEST_F(Counting, AnEventIsNotDueAnyMoreInItsCallback) {
  std::size_t seen = 9;
  event ev(base, -1, what::none, [&] { seen = due(); });
  ev.active(what::read);
  c.active(what::read);

  base.loop();

  EXPECT_EQ(seen, 1u) << "only c is";
  EXPECT_EQ(due(), 0u);
}

TEST_F(Counting, KeepsTheHighWaterMarks) {
  a.add();
  b.add();
  b.del();
  a.active(what::read);
  c.active(what::read);
  c.del();

  EXPECT_EQ(base.max_events(event_count::added), 2u);
  EXPECT_EQ(base.max_events(event_count::active), 2u);
  EXPECT_EQ(added(), 1u);
  EXPECT_EQ(due(), 1u);
}

TEST_F(Counting, AClearedMarkBeginsWithWhatThereIsNow) {
  for (event* ev : {&a, &b}) ev->add();
  for (event* ev : {&a, &b, &c}) ev->active(what::read);
  for (event* ev : {&b, &c}) ev->del();

  EXPECT_EQ(base.max_events(event_count::added, true), 2u);
  EXPECT_EQ(base.max_events(event_count::added), 1u);
  EXPECT_EQ(base.max_events(event_count::active), 3u) << "not cleared";

  EXPECT_EQ(base.max_events(event_count::active, true), 3u);
  EXPECT_EQ(base.max_events(event_count::active), 1u);
}

class Walking : public OnFake {
 protected:
  /// Those that for_each_event() shows, as `tell` puts them.
  template <class F>
  std::string walk(F tell) const {
    std::string all;
    base.for_each_event([&](const event_info& info) {
      all += tell(info) + ' ';
      return true;
    });
    return all;
  }

  static std::string fd_of(const event_info& info) {
    return std::to_string(info.fd);
  }

  const std::string fd_a = std::to_string(fds.a());
  const std::string fd_b = std::to_string(fds.b());
};

TEST_F(Walking, ShowsWhatIsTrueOfAnEvent) {
  base.priority_init(3);
  event ev(base, fds.a(), what::read | what::persist, [] {});
  ev.priority_set(2);
  ev.add();
  ev.active(what::write);
  std::vector<event_info> infos;

  EXPECT_TRUE(base.for_each_event([&](const event_info& info) {
    infos.push_back(info);
    return true;
  }));

  ASSERT_EQ(infos.size(), 1u) << "once, although it is added and due";
  EXPECT_EQ(infos[0].fd, fds.a());
  EXPECT_EQ(infos[0].events, what::read | what::persist);
  EXPECT_EQ(infos[0].pending, what::read | what::write);
  EXPECT_EQ(infos[0].priority, 2);
  EXPECT_EQ(infos[0].state, evlist::inserted | evlist::active);
}

TEST_F(Walking, ShowsNothingOfAnEmptyBase) {
  const event idle(base, fds.a(), what::read, [] {});

  EXPECT_TRUE(base.for_each_event([](const event_info&) { return false; }));
}

TEST_F(Walking, GoesByDescriptorThenByPriority) {
  base.priority_init(2);
  event on_b(base, fds.b(), what::read, [] {});
  event on_a(base, fds.a(), what::read, [] {});
  event due(base, -2, what::none, [] {});
  event urgent(base, -1, what::none, [] {});
  urgent.priority_set(0);
  due.active(what::read);
  urgent.active(what::read);
  on_b.add();
  on_a.add();
  ASSERT_LT(fds.a(), fds.b());

  EXPECT_EQ(walk(fd_of), fd_a + ' ' + fd_b + " -1 -2 ");
}

TEST_F(Walking, ShowsTheEventsOfADescriptorInTheOrderOfAdding) {
  event reader(base, fds.a(), what::read, [] {});
  event writer(base, fds.a(), what::write, [] {});
  writer.add();
  reader.add();

  EXPECT_EQ(walk([](const event_info& info) { return to_string(info.events); }),
            "write read ");
}

TEST_F(Walking, StopsWhenItIsTold) {
  event first(base, fds.a(), what::read, [] {});
  event second(base, fds.a(), what::read, [] {});
  first.add();
  second.add();
  int shown = 0;

  EXPECT_FALSE(base.for_each_event([&](const event_info&) {
    ++shown;
    return false;
  }));

  EXPECT_EQ(shown, 1);
}

TEST_F(Walking, MayDestroyAndAddEvents) {
  std::list<event> events;
  for (int i = 0; i < 3; ++i) {
    events.emplace_back(base, fds.a(), what::read, [] {}).add();
  }
  event another(base, fds.b(), what::read, [] {});
  int shown = 0;

  base.for_each_event([&](const event_info&) {
    ++shown;
    events.clear();
    another.add();
    return true;
  });

  EXPECT_EQ(shown, 3) << "those that were there when it began";
  EXPECT_EQ(walk(fd_of), fd_b + ' ');
}

TEST_F(Walking, ShowsInACallbackTheEventWhoseItIs) {
  evlist state = evlist::none;
  event ev(base, fds.a(), what::read | what::persist, [&] {
    base.for_each_event([&](const event_info& info) {
      state = info.state;
      return true;
    });
  });
  ev.add();
  finds(fds.a(), what::read);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(state, evlist::inserted | evlist::running);
}

TEST_F(Walking, SaysWhichEventItIs) {
  event added(base, fds.a(), what::read, [] {});
  event due(base, -1, what::none, [] {});
  added.add();
  due.active(what::read);
  std::vector<const event*> found;

  base.for_each_event([&](const event_info& info) {
    found.push_back(info.ev);
    return true;
  });

  EXPECT_EQ(found, (std::vector<const event*>{&added, &due}));
}

TEST_F(Walking, DumpsALineForEachEvent) {
  base.priority_init(2);
  event added(base, fds.a(), what::read | what::persist, [] {});
  event both(base, fds.b(), what::write, [] {});
  event due(base, -1, what::none, [] {});
  due.priority_set(0);
  added.add();
  both.add();
  both.active(what::write);
  due.active(what::read);
  std::ostringstream out;

  base.dump_events(out);

  EXPECT_EQ(out.str(), "fd " + fd_a + " (read|persist), priority 1: added\n" +
                           "fd " + fd_b + " (write), priority 1: added due\n" +
                           "fd -1 (none), priority 0: due\n");
}

class ActiveByFd : public OnFake {
 protected:
  std::vector<what> heard;
};

TEST_F(ActiveByFd, MakesDueWhoeverWaitsForIt) {
  const auto listen = [this](what fired) { heard.push_back(fired); };
  event reader(base, fds.a(), what::read, listen);
  event both(base, fds.a(), what::read | what::write, listen);
  event writer(base, fds.a(), what::write, listen);
  event elsewhere(base, fds.b(), what::read, listen);
  for (event* ev : {&reader, &both, &writer, &elsewhere}) ev->add();

  base.active_by_fd(fds.a(), what::read);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(heard, (std::vector<what>{what::read, what::read}));
}

TEST_F(ActiveByFd, TellsEachEventOnlyWhatItWaitsFor) {
  const auto listen = [this](what fired) { heard.push_back(fired); };
  event reader(base, fds.a(), what::read, listen);
  event writer(base, fds.a(), what::write, listen);
  reader.add();
  writer.add();

  base.active_by_fd(fds.a(), any_io | what::persist);
  base.loop();

  EXPECT_EQ(heard, (std::vector<what>{what::read, what::write}));
}

TEST_F(ActiveByFd, KnowsNobodyElse) {
  event idle(base, fds.a(), what::read, [] { FAIL(); });
  event added(base, fds.a(), what::read, [] { FAIL(); });
  added.add();
  added.del();

  for (const int fd : {fds.a(), -1, 1 << 30}) {
    base.active_by_fd(fd, what::read);
  }

  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

TEST_F(ActiveByFd, InACallbackMeansTheNextTurn) {
  event ev(base, fds.a(), what::read | what::persist, [this] {
    called('a');
    if (turn() < 3) base.active_by_fd(fds.a(), what::read);
  });
  ev.add();

  base.active_by_fd(fds.a(), what::read);
  base.loop(loop_flags::once);

  EXPECT_EQ(trace, "a1 a2 a3 ");
}

class RunningEvent : public OnFake {};

TEST_F(RunningEvent, IsTheOneWhoseCallbackIsBeingCalled) {
  std::vector<const event*> seen;
  const auto look = [&] { seen.push_back(base.running_event()); };
  event first(base, -1, what::none, look);
  event second(base, -1, what::none, look);
  first.active(what::read);
  second.active(what::read);

  base.loop();

  EXPECT_EQ(seen, (std::vector<const event*>{&first, &second}));
}

TEST_F(RunningEvent, IsNullOutsideOfCallbacks) {
  event ev(base, fds.a(), what::read, [] {});
  ev.add();
  finds(fds.a(), what::read);
  kernel.meanwhile = [this] { EXPECT_EQ(base.running_event(), nullptr); };
  EXPECT_EQ(base.running_event(), nullptr);

  base.loop();

  EXPECT_EQ(base.running_event(), nullptr);
}

TEST_F(RunningEvent, IsNullOnceTheEventHasDestroyedItself) {
  std::optional<event> ev;
  const event* seen = nullptr;
  ev.emplace(base, -1, what::none, [&] {
    ev.reset();
    seen = base.running_event();
  });
  seen = &*ev;
  ev->active(what::read);

  base.loop();

  EXPECT_EQ(seen, nullptr);
}

TEST_F(RunningEvent, IsStillTheOneThatHasDeletedItself) {
  const event* seen = nullptr;
  event ev(base, fds.a(), what::read | what::persist, [&] {
    ev.del();
    seen = base.running_event();
  });
  ev.add();
  finds(fds.a(), what::read);

  base.loop();

  EXPECT_EQ(seen, &ev);
}

TEST_F(RunningEvent, IsNullAfterACallbackThatThrew) {
  event ev(base, -1, what::none, [] { throw std::runtime_error("enough"); });
  ev.active(what::read);

  EXPECT_THROW(base.loop(), std::runtime_error);

  EXPECT_EQ(base.running_event(), nullptr);
}

class BaseLife : public OnFake {};

TEST_F(BaseLife, EndsWithoutACallAndTakesOffWhatIsLeft) {
  auto short_lived =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event added(*short_lived, fds.a(), what::read, [] { FAIL(); });
  event due(*short_lived, fds.a(), what::write, [] { FAIL(); });
  added.add();
  due.add();
  due.active(what::write);
  short_lived->once(fds.b(), what::read, [] { FAIL(); });
  short_lived->once(-1, what::none, [] { FAIL(); });
  const std::size_t calls = kernel.calls.size();

  short_lived.reset();

  EXPECT_EQ(kernel.calls.size(), calls + 3) << "read and write; once";
  EXPECT_EQ(kernel.waits, waits{});
}

/// An event's private members: access is not checked where an explicit
/// instantiation names them.
template <auto Priority, auto State>
struct break_in {
  friend std::uint8_t& priority_of(event& ev) { return ev.*Priority; }
  friend evlist get_state(const event& ev) { return ev.*State; }
  friend void set_state(event& ev, evlist to) { ev.*State = to; }
};
std::uint8_t& priority_of(event& ev);
evlist get_state(const event& ev);
void set_state(event& ev, evlist to);
template struct break_in<&event::pri_, &event::flags_>;

struct state_of {
  operator evlist() const { return get_state(ev); }
  void operator=(evlist to) { set_state(ev, to); }

  event& ev;
};

class SelfCheck : public OnFake {
 protected:
  /// Whether self_check() finds fault while `place` holds `wrong`.
  template <class Place, class T>
  bool notices(Place&& place, T wrong) {
    const T right = place;
    place = wrong;
    bool found = false;
    try {
      base.self_check();
    } catch (const std::logic_error&) {
      found = true;
    }
    place = right;
    return found;
  }
};

TEST_F(SelfCheck, FindsFaultWithAnEventThatWasOverwritten) {
  base.priority_init(2);
  event ev(base, fds.a(), what::read, [] {});
  ev.add();
  ev.active(what::read);
  const evlist both = evlist::inserted | evlist::active;
  ASSERT_FALSE(notices(state_of{ev}, both));

  EXPECT_TRUE(notices(priority_of(ev), std::uint8_t{0}));
  EXPECT_TRUE(notices(state_of{ev}, evlist::none));
  EXPECT_TRUE(notices(state_of{ev}, evlist::inserted));
  EXPECT_TRUE(notices(state_of{ev}, evlist::active));
}

TEST_F(SelfCheck, FindsFaultWithAnEventThatSeemsDueAndIsOnNoQueue) {
  event ev(base, fds.a(), what::read, [] {});
  ev.add();

  EXPECT_TRUE(notices(state_of{ev}, evlist::inserted | evlist::active));
}

TEST_F(SelfCheck, FindsNoFaultInCallbacks) {
  std::optional<event> gone;
  event ev(base, fds.a(), what::read | what::persist, [&] {
    base.self_check();
    gone.reset();
    base.self_check();
    ev.del();
    base.self_check();
    called('a');
  });
  gone.emplace(base, fds.a(), what::read, [] { FAIL(); });
  ev.add();
  gone->add();
  finds(fds.a(), what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "a1 ");
}

/// Twenty events to which anything may be done at any time, by callbacks too.
class AnythingGoes : public OnBackend {
 protected:
  struct actor {
    std::optional<event> ev;
    bool added = false;
    bool due = false;  // by active(); the base alone knows what else is
  };

  AnythingGoes() {
    base.priority_init(4);
    for (std::size_t i = 0; i < actors.size(); ++i) make(i);
  }

  std::size_t below(std::size_t end) { return random() % end; }

  void make(std::size_t i) {
    constexpr what events[] = {what::read, what::write,
                               what::read | what::write};
    const what stays = below(2) == 0 ? what::persist : what::none;
    actor& a = actors[i];
    a.added = a.due = false;
    a.ev.emplace(base, pairs[below(pairs.size())].a(), events[below(3)] | stays,
                 [this, i] { called(i); });
    a.ev->priority_set(static_cast<int>(below(4)));
  }

  void step() {
    const std::size_t i = below(actors.size());
    actor& a = actors[i];
    const pair& p = pairs[below(pairs.size())];
    switch (below(6)) {
      case 0:
        a.ev->add();
        a.added = true;
        break;
      case 1:
        a.ev->del();
        a.added = a.due = false;
        break;
      case 2:
        a.ev->active(what::read);
        a.due = true;
        break;
      case 3:
        make(i);
        break;
      case 4:
        p.send();
        break;
      case 5:
        p.receive();
        break;
    }
    base.self_check();
    EXPECT_EQ(base.num_events(event_count::added), count(&actor::added));
  }

  void called(std::size_t i) {
    actor& a = actors[i];
    a.due = false;
    if (!any(a.ev->events() & what::persist)) a.added = false;
    step();
  }

  std::size_t count(bool actor::*state) const {
    return static_cast<std::size_t>(
        std::count_if(actors.begin(), actors.end(),
                      [state](const actor& a) { return a.*state; }));
  }

  std::mt19937 random{20};
  std::array<pair, 3> pairs;
  std::array<actor, 20> actors;
};
INSTANTIATE_TEST_SUITE_P(Backends, AnythingGoes, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(AnythingGoes, AndTheBaseStaysSound) {
  for (int turn = 0; turn < 500; ++turn) {
    for (std::size_t steps = below(10); steps > 0; --steps) step();
    EXPECT_EQ(base.num_events(event_count::active), count(&actor::due));
    base.loop(loop_flags::nonblock);
  }
}

}  // namespace
}  // namespace evolve
