#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <future>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/event_config.h"
#include "evolve/unique_fd.h"
#include "test/backends.h"
#include "test/child_process.h"
#include "test/fake_eventop.h"
#include "test/interruptions.h"
#include "test/manual_clock.h"
#include "test/on_fake.h"
#include "test/on_manual_clock.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/rounds.h"
#include "test/signals.h"
#include "test/sleeps.h"
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

TEST_F(EventBaseOnFake, WhatABackendThrowsCanBeToldFromWhatACallbackThrows) {
  a->add();
  kernel.broken = ENOMEM;
  try {
    base.dispatch();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const backend_error& why) {
    EXPECT_EQ(why.code(), std::errc::not_enough_memory);
    EXPECT_NE(std::string(why.what()).find("fake"), std::string::npos);
  }
  kernel.broken = 0;

  const auto code = std::make_error_code(std::errc::not_enough_memory);
  event throws(base, -1, what::none, [&] { throw std::system_error(code); });
  throws.active(what::none);
  try {
    base.dispatch();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const backend_error&) {
    ADD_FAILURE() << "it was the callback";
  } catch (const std::system_error& why) {
    EXPECT_EQ(why.code(), code);
  }
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

/// How long the loop lets its backend wait.
class Waits : public OnManualClock {};

TEST_F(Waits, LastUntilTheEarliestDeadline) {
  event a = event::timer(base, noted("a"));
  event b = event::timer(base, noted("b"));
  a.add(25ms);
  b.add(10ms);

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{10ms, 15ms}));
}

TEST_F(Waits, AreExactToTheNanosecond) {
  event a = event::timer(base, noted("a"));
  a.add(1'500'001ns);

  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{1'500'001ns});
}

TEST_F(Waits, LastForEverWithoutADeadline) {
  event reader(base, fds.a(), what::read, noted("reader"));
  reader.add();

  readable();
  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{forever});
}

TEST_F(Waits, AreNotLongerByTheLengthOfACallback) {
  event timer = event::timer(base, noted("timer"));
  event reader(base, fds.a(), what::read, [] { manual_clock::advance(50ms); });
  timer.add(60ms);
  reader.add();

  readable();
  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{60ms, 10ms}));
  EXPECT_EQ(notes, lines{"timer timeout 60ms"});
}

TEST_F(Waits, AreNotNegativeWhenACallbackTookTooLong) {
  event timer = event::timer(base, noted("timer"));
  event reader(base, fds.a(), what::read, [] { manual_clock::advance(70ms); });
  timer.add(60ms);
  reader.add();

  readable();
  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{60ms, at_once}));
}

TEST_F(Waits, AreOverAtOnceWhileSomethingIsDue) {
  event timer = event::timer(base, noted("timer"));
  event user = event::timer(base, noted("user"));
  timer.add(10ms);
  user.active(what::none);

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{at_once, 10ms}));
}

TEST_F(Waits, AreNotMadeForADeadlineThatHasMovedToLater) {
  event moving = event::timer(base, noted("moving"));
  for (int times = 0; times < 100; ++times) {
    moving.add(10ms);
    manual_clock::advance(1ms);
  }

  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{9ms});
  EXPECT_EQ(notes, lines{"moving timeout 109ms"});
}

TEST_F(Waits, LastUntilTheNextDeadlineWhenTheFirstHasMovedBehindIt) {
  event moving = event::timer(base, noted("moving"));
  event next = event::timer(base, noted("next"));
  moving.add(10ms);
  next.add(20ms);
  moving.add(30ms);

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{20ms, 10ms}));
}

TEST_F(Waits, AreShorterForADeadlineThatHasMovedToEarlier) {
  event moving = event::timer(base, noted("moving"));
  event next = event::timer(base, noted("next"));
  moving.add(30ms);
  next.add(20ms);
  moving.add(10ms);

  base.dispatch();

  EXPECT_EQ(kernel.waits, (waits{10ms, 10ms}));
}

// To look after all that moved before each wait could cost more than a wait.
TEST_F(Waits, EndTooEarlyAtMostOnceWhenManyDeadlinesHaveMoved) {
  std::deque<event> moving;
  for (int i = 0; i < 1'000; ++i) {
    moving.emplace_back(base, -1, what::none, noted("moving"));
    moving.back().add(10ms);
    moving.back().add(100ms);
  }

  base.dispatch();

  EXPECT_LE(kernel.waits.size(), 2u);
  EXPECT_EQ(notes, lines(1'000, "moving timeout 100ms"));
}

TEST_F(Waits, AreNotMadeForATimerThatWasDeleted) {
  event first = event::timer(base, noted("first"));
  event second = event::timer(base, noted("second"));
  first.add(10ms);
  second.add(20ms);
  first.del();

  base.dispatch();

  EXPECT_EQ(kernel.waits, waits{20ms});
}

/// What the loop makes of the clock.
class TimeCache : public OnManualClock {
 protected:
  /// For callbacks: looks at the time three times, as it goes on.
  void look() {
    for (int times = 0; times < 3; ++times) {
      notes.push_back(in_ms(base.now()));
      manual_clock::advance(5ms);
    }
  }
};

TEST_F(TimeCache, OutsideOfCallbacksTheClockIsReadEachTime) {
  look();

  EXPECT_EQ(notes, (lines{"0ms", "5ms", "10ms"}));
  EXPECT_EQ(manual_clock::reads, 3);
}

TEST_F(TimeCache, InACallbackTimeStandsStill) {
  event a = event::timer(base, [&] { look(); });
  a.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"10ms", "10ms", "10ms"}));
}

TEST_F(TimeCache, TimeStandsStillWhenTheEventHasDestroyedItself) {
  std::optional<event> a;
  a.emplace(base, -1, what::none, [&] {
    a.reset();
    look();
  });
  a->add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"10ms", "10ms", "10ms"}));
}

TEST_F(TimeCache, EachCallbackReadsTheClockAnew) {
  event a = event::timer(base, [&] { look(); });
  event b = event::timer(base, [&] { look(); });
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);
  look();

  EXPECT_EQ(notes, (lines{"10ms", "10ms", "10ms", "25ms", "25ms", "25ms",
                          "40ms", "45ms", "50ms"}));
}

TEST_F(TimeCache, ATimeoutIsReckonedFromAFreshReading) {
  event b = event::timer(base, noted("b"));
  event a = event::timer(base, [&] {
    manual_clock::advance(50ms);
    b.add(100ms);
  });
  a.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, lines{"b timeout 160ms"});
}

TEST_F(TimeCache, ATimeoutCountsFromTheReadingHoweverLongAgoThatWas) {
  event b = event::timer(base, noted("b"));
  event c = event::timer(base, noted("c"));
  event a = event::timer(base, [&] {
    base.now();
    manual_clock::advance(50ms);
    b.add(100ms);
    base.update_time_cache();
    c.add(100ms);
  });
  a.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"b timeout 110ms", "c timeout 160ms"}));
}

// The base has read the clock too, to begin the event's next period.
TEST_F(TimeCache, APersistentTimersCallbackMakesAReadingOfItsOwn) {
  event b = event::timer(base, noted("b"));
  event a = event::timer(
      base,
      [&] {
        manual_clock::advance(50ms);
        b.add(100ms);
      },
      what::persist);
  a.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(a.deadline(), at(20ms));
  EXPECT_EQ(b.deadline(), at(160ms));
}

TEST_F(TimeCache, TimeoutsOfOneCallbackShareTheReading) {
  std::deque<event> others;
  int reads = 0;
  event a = event::timer(base, [&] {
    const int before = manual_clock::reads;
    for (event& ev : others) {
      ev.add(10ms);
      manual_clock::advance(1ms);
    }
    reads = manual_clock::reads - before;
  });
  for (int i = 0; i < 100; ++i) {
    others.emplace_back(base, -1, what::none, [] {});
  }
  a.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(reads, 1);
  for (const event& ev : others) EXPECT_EQ(ev.deadline(), at(20ms));
}

TEST_F(TimeCache, IsUpdatedOnDemand) {
  event a = event::timer(base, [&] {
    look();
    base.update_time_cache();
    look();
  });
  a.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"10ms", "10ms", "10ms", "25ms", "25ms", "25ms"}));
}

TEST_F(TimeCache, AnUpdateOutsideOfCallbacksLastsForNothing) {
  base.update_time_cache();
  manual_clock::advance(5ms);

  EXPECT_EQ(base.now(), at(5ms));
}

TEST_F(TimeCache, IsGoneWhenACallbackThrows) {
  event a = event::timer(base, [&] {
    look();
    throw std::runtime_error("of the callback");
  });
  a.add(10ms);
  EXPECT_THROW(base.dispatch(), std::runtime_error);

  EXPECT_EQ(base.now(), at(25ms));
}

TEST_F(TimeCache, ATurnWithoutTimeoutsDoesNotReadTheClock) {
  event reader(base, fds.a(), what::read | what::persist, noted("reader"));
  reader.add();

  readable();
  base.loop(loop_flags::once);
  readable();
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(notes.size(), 2u);
  EXPECT_EQ(manual_clock::reads, 0);
}

TEST_F(TimeCache, ATurnReadsTheClockBeforeItWaitsAndAfter) {
  std::deque<event> timers;
  for (int i = 0; i < 100; ++i) {
    timers.emplace_back(base, -1, what::none, noted("timer"));
    timers.back().add(10ms);
  }
  manual_clock::reads = 0;

  base.dispatch();

  EXPECT_EQ(turn(), 1u);
  EXPECT_EQ(manual_clock::reads, 2);
}

/// loopexit() with a delay.
class DelayedExit : public OnManualClock {};

TEST_F(DelayedExit, EndsTheRunWhenTheDelayHasPassed) {
  base.loopexit(10ms);

  EXPECT_EQ(base.loop(loop_flags::no_exit_on_empty), loop_result::idle);

  EXPECT_EQ(elapsed(), 10ms);
  EXPECT_TRUE(base.got_exit());
}

TEST_F(DelayedExit, KeepsALoopWithoutEventsRunning) {
  base.loopexit(10ms);

  EXPECT_EQ(base.dispatch(), loop_result::idle);

  EXPECT_EQ(elapsed(), 10ms);
}

TEST_F(DelayedExit, MayBeAskedForInACallback) {
  event tick(base, -1, what::persist, [&](what fired) {
    note("tick", fired);
    if (notes.size() == 1) base.loopexit(15ms);
  });
  tick.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"tick timeout 10ms", "tick timeout 20ms"}));
  EXPECT_EQ(elapsed(), 25ms);
}

TEST_F(DelayedExit, IsTheSoonerOfSeveral) {
  base.loopexit(20ms);
  base.loopexit(10ms);
  base.loopexit(30ms);

  base.dispatch();

  EXPECT_EQ(elapsed(), 10ms);
}

TEST_F(DelayedExit, IsNoLongerThanOneWithoutADelay) {
  event tick(base, -1, what::persist, [&] { base.loopexit(); });
  tick.add(1ms);
  base.loopexit(10ms);

  base.dispatch();

  EXPECT_EQ(elapsed(), 1ms);
}

TEST_F(DelayedExit, IsAtOnceForZeroOrLess) {
  for (const duration delay : {0ns, -1ns, duration::min()}) {
    base.loopexit(delay);

    EXPECT_EQ(base.dispatch(), loop_result::idle);

    EXPECT_TRUE(base.got_exit());
    EXPECT_EQ(turn(), 1u);
    kernel.waits.clear();
  }
  EXPECT_EQ(elapsed(), 0ms);
}

TEST_F(DelayedExit, MayBeTooFarAwayToCome) {
  event a = event::timer(base, [&] { base.loopbreak(); });
  a.add(1h);
  base.loopexit(duration::max());

  EXPECT_EQ(base.dispatch(), loop_result::stopped);

  EXPECT_FALSE(base.got_exit());
}

TEST_F(DelayedExit, CallsAllThatIsDueInItsTurn) {
  base.priority_init(2);
  event urgent = event::timer(base, noted("urgent"));
  event relaxed = event::timer(base, noted("relaxed"));
  urgent.priority_set(0);
  relaxed.priority_set(1);
  base.loopexit(10ms);
  relaxed.add(10ms);
  urgent.add(10ms);

  base.dispatch();

  EXPECT_EQ(notes, (lines{"urgent timeout 10ms", "relaxed timeout 10ms"}));
}

TEST_F(DelayedExit, IsForgottenWhenItsRunEnds) {
  event tick(base, -1, what::persist, noted("tick"));
  event stop = event::timer(base, [&] { base.loopbreak(); });
  tick.add(10ms);
  stop.add(15ms);
  base.loopexit(30ms);
  base.dispatch();
  EXPECT_FALSE(base.got_exit());

  stop.add(100ms);
  base.dispatch();

  EXPECT_EQ(elapsed(), 115ms);
  EXPECT_FALSE(base.got_exit());
}

TEST_F(DelayedExit, IsForgottenByEachRunOfOneTurn) {
  event tick(base, -1, what::persist, noted("tick"));
  tick.add(10ms);
  base.loopexit(15ms);

  for (int turns = 0; turns < 5; ++turns) {
    base.loop(loop_flags::once);
    EXPECT_FALSE(base.got_exit());
  }

  EXPECT_EQ(elapsed(), 50ms);
}

TEST_F(DelayedExit, IsForgottenWhenItsRunThrows) {
  event a = event::timer(base, [] { throw std::runtime_error("at 10 ms"); });
  a.add(10ms);
  base.loopexit(20ms);
  EXPECT_THROW(base.dispatch(), std::runtime_error);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_F(DelayedExit, IsNotAnEventThatAnybodySees) {
  base.loopexit(10ms);

  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.max_events(event_count::added), 0u);
  EXPECT_TRUE(base.for_each_event([](const event_info&) { return false; }));
  std::ostringstream dump;
  base.dump_events(dump);
  EXPECT_EQ(dump.str(), "");
  base.self_check();
}

/// once() with a timeout.
class OnceInTime : public OnManualClock {};

TEST_F(OnceInTime, CallsWhenTheTimeHasPassed) {
  base.once(-1, what::none, noted("f"), 10ms);
  EXPECT_EQ(base.num_events(event_count::added), 1u);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(notes, lines{"f timeout 10ms"});
}

TEST_F(OnceInTime, CallsForWhateverIsFirst) {
  base.once(fds.a(), what::read, noted("f"), 10ms);
  base.once(fds.b(), what::read, noted("g"), 10ms);

  readable();
  turn_after(4ms);
  turn_after(6ms);

  EXPECT_EQ(notes, (lines{"f read 4ms", "g timeout 10ms"}));
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

TEST_F(OnceInTime, CallsInTheNextTurnForZeroOrLess) {
  base.once(-1, what::none, noted("zero"), 0ms);
  base.once(-1, what::none, noted("less"), -5ms);

  turn_after(0ms);

  EXPECT_EQ(notes, (lines{"zero timeout 0ms", "less timeout 0ms"}));
}

TEST_F(OnceInTime, IsFreedWithABaseThatNeverCalledIt) {
  event_base other;
  other.once(-1, what::none, noted("f"), 1h);
  other.once(fds.a(), what::read, noted("g"), 1h);

  EXPECT_EQ(other.num_events(event_count::added), 2u);
}

/// Timeouts, as a base counts and shows its events.
class TimersShown : public OnManualClock {
 protected:
  std::vector<event_info> shown() {
    std::vector<event_info> infos;
    base.for_each_event([&](const event_info& info) {
      infos.push_back(info);
      return true;
    });
    return infos;
  }
};

TEST_F(TimersShown, AnEventWithADescriptorAndATimeoutCountsOnce) {
  event a(base, fds.a(), what::read | what::persist, noted("a"));

  a.add(10ms);
  EXPECT_EQ(base.num_events(event_count::added), 1u);

  a.remove_timer();
  EXPECT_EQ(base.num_events(event_count::added), 1u);

  a.add(10ms);
  a.del();
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

TEST_F(TimersShown, ATimerThatIsDueCountsAsThatAlone) {
  std::size_t due = 0;
  std::size_t added = 0;
  event a = event::timer(base, [&] {
    due = base.num_events(event_count::active);
    added = base.num_events(event_count::added);
  });
  event b = event::timer(base, noted("b"));
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(due, 1u);
  EXPECT_EQ(added, 0u);
}

TEST_F(TimersShown, MostAtOnceAreRemembered) {
  std::deque<event> timers;
  for (int i = 0; i < 5; ++i) {
    timers.emplace_back(base, -1, what::none, noted("timer"));
    timers.back().add(10ms);
  }
  turn_after(10ms);

  EXPECT_EQ(base.max_events(event_count::added, true), 5u);
  EXPECT_EQ(base.max_events(event_count::active, true), 5u);
  EXPECT_EQ(base.max_events(event_count::added), 0u);
  EXPECT_EQ(base.max_events(event_count::active), 0u);
}

TEST_F(TimersShown, EachIsShownOnce) {
  event common = event::timer(base, [] {});
  event reader(base, fds.a(), what::read, [] {});
  event timer(base, -1, what::persist, [] {});
  event due = event::timer(base, [] {});
  due.active(what::none);
  common.add(base.init_common_timeout(7ms));
  timer.add(9ms);
  timer.active(what::none);
  reader.add(8ms);

  std::vector<std::optional<time_point>> deadlines;
  for (const event_info& info : shown()) deadlines.push_back(info.deadline);

  EXPECT_EQ(deadlines, (std::vector<std::optional<time_point>>{
                           at(8ms), at(9ms), at(7ms), std::nullopt}));
}

TEST_F(TimersShown, WithTheirStates) {
  event a(base, fds.a(), what::read, [] {});
  event b = event::timer(base, [] {});
  a.add(10ms);
  b.add(base.init_common_timeout(10ms));

  const auto infos = shown();

  ASSERT_EQ(infos.size(), 2u);
  EXPECT_EQ(infos[0].state, evlist::inserted | evlist::timeout);
  EXPECT_EQ(infos[0].pending, what::read | what::timeout);
  EXPECT_EQ(infos[1].state, evlist::timeout | evlist::common);
  EXPECT_EQ(infos[1].fd, -1);
}

TEST_F(TimersShown, WithTheTimeThatIsLeft) {
  event a(base, -1, what::persist, [] {});
  a.add(1500ms);
  manual_clock::advance(250ms);

  std::ostringstream dump;
  base.dump_events(dump);

  EXPECT_EQ(dump.str(), "fd -1 (persist), priority 0: timeout in 1.25 s\n");
}

TEST_F(TimersShown, WithTheTimeThatIsLeftAtOneMoment) {
  base.set_clock([] {
    manual_clock::advance(1ms);
    return manual_clock::read();
  });
  event a = event::timer(base, [] {});
  event b = event::timer(base, [] {});
  a.add(10ms);
  b.add(9ms);

  std::ostringstream dump;
  base.dump_events(dump);

  const std::string line = "fd -1 (none), priority 0: timeout in 0.008 s\n";
  EXPECT_EQ(dump.str(), line + line);
}

/// Fifty timers, every other one persistent, on a base and in a model that says
/// what the base has to call.
class RandomTimers : public OnManualClock {
 protected:
  using deadline = std::pair<time_point, std::uint64_t>;  // the latter: given

  struct expectation {
    std::optional<deadline> next;
    std::optional<duration> interval;
    time_point last;
    what due = what::none;
  };

  RandomTimers() {
    for (std::size_t n = 0; n < model.size(); ++n) {
      timers.emplace_back(
          base, -1, persistent(n) ? what::persist : what::none,
          [this, n](what res) { notes.push_back(call(n, res)); });
    }
  }

  static bool persistent(std::size_t n) { return n % 2 == 0; }

  static std::string call(std::size_t n, what res) {
    return std::to_string(n) + ' ' + to_string(res);
  }

  void expect_add(std::size_t n, duration length) {
    model[n].next = {manual_clock::time + length, ++given};
    if (persistent(n)) model[n].interval = length;
  }

  void expect_del(std::size_t n) {
    model[n] = {};
    std::erase(queue, n);
  }

  void expect_remove_timer(std::size_t n) {
    model[n].next.reset();
    model[n].interval.reset();
  }

  void expect_active(std::size_t n, what res) {
    if (!any(model[n].due)) queue.push_back(n);
    model[n].due |= res;
  }

  /// When the model has something to call.
  time_point expect_wait() const {
    time_point earliest = time_point::max();
    for (const expectation& e : model) {
      if (e.next) earliest = std::min(earliest, e.next->first);
    }
    const bool idle = earliest == time_point::max();
    if (!queue.empty() || idle) return manual_clock::time;
    return std::max(earliest, manual_clock::time);
  }

  /// What the model calls now.
  lines expect_turn() {
    expect_timeouts();
    lines expected;
    for (const std::size_t n : std::exchange(queue, {})) {
      expected.push_back(call(n, model[n].due));
      expect_call(n);
    }
    return expected;
  }

  void act(unsigned how, std::size_t n, duration length);
  void run(loop_flags flags);

  std::array<expectation, 50> model;

 private:
  void expect_timeouts() {
    std::map<deadline, std::size_t> passed;
    for (std::size_t n = 0; n < model.size(); ++n) {
      const auto& next = model[n].next;
      if (next && next->first <= manual_clock::time) passed[*next] = n;
    }
    for (const auto& [which, n] : passed) {
      model[n].last = which.first;
      model[n].next.reset();
      expect_active(n, what::timeout);
    }
  }

  void expect_call(std::size_t n) {
    const expectation was = std::exchange(model[n], {});
    if (!was.interval) return;
    const time_point now = manual_clock::time;
    const time_point from = was.due == what::timeout ? was.last : now;
    const bool missed = from + *was.interval < now;
    model[n].interval = was.interval;
    model[n].next = {(missed ? now : from) + *was.interval, ++given};
  }

  std::deque<event> timers;
  std::vector<std::size_t> queue;  // events that are due in the model
  std::uint64_t given = 0;  // how many deadlines the model has given
};

/// Does something to a timer, in truth and in the model.
void RandomTimers::act(unsigned how, std::size_t n, duration length) {
  switch (how) {
    case 0:
      timers[n].del();
      return expect_del(n);
    case 1:
      timers[n].remove_timer();
      return expect_remove_timer(n);
    case 2:
      timers[n].active(what::write);
      return expect_active(n, what::write);
    case 3:
    case 4:
      timers[n].add(base.init_common_timeout(length + 1ms));
      return expect_add(n, length + 1ms);
    default:
      timers[n].add(length);
      return expect_add(n, length);
  }
}

/// Lets the base and the model do a turn.
void RandomTimers::run(loop_flags flags) {
  const bool sleeps = flags == loop_flags::once;
  const time_point until = sleeps ? expect_wait() : manual_clock::time;
  notes.clear();

  base.loop(flags);

  base.self_check();
  EXPECT_EQ(manual_clock::time, until);
  EXPECT_EQ(notes, expect_turn());
}

TEST_F(RandomTimers, AreCalledAsTheModelSays) {
  std::mt19937 random(4);
  for (int step = 0; step < 20'000 && !HasFailure(); ++step) {
    const auto how = static_cast<unsigned>(random() % 7);
    const std::size_t n = random() % model.size();
    act(how, n, 1ms * (random() % 4));
    base.self_check();
    if (random() % 8 == 0) manual_clock::advance(1ms * (random() % 8));
    if (random() % 8 == 0) run(loop_flags::nonblock);
    if (random() % 8 == 0) run(loop_flags::once);
  }
}

/// Timeouts on a real clock and a real backend.
class RealTime : public OnBackend {};
INSTANTIATE_TEST_SUITE_P(Backends, RealTime, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(RealTime, NoTimeoutIsEarly) {
  for (const duration length : {0ns, 1ns, 999'999ns, 1'000'000ns, 1'000'001ns,
                                1'500'000ns, 20'000'000ns}) {
    event a = event::timer(base, [] {});
    const time_point before = clock::now();
    a.add(length);

    EXPECT_EQ(base.dispatch(), loop_result::no_events);

    EXPECT_GE(clock::now() - before, length);
  }
}

TEST_P(RealTime, NoTimeoutOfADescriptorIsEarly) {
  pair fds;
  what fired = what::none;
  event a(base, fds.a(), what::read, [&](what res) { fired = res; });
  const time_point before = clock::now();
  a.add(1'500us);

  base.dispatch();

  EXPECT_EQ(fired, what::timeout);
  EXPECT_GE(clock::now() - before, 1'500us);
}

TEST_P(RealTime, NoPeriodIsEarly) {
  int calls = 0;
  event a(base, -1, what::persist, [&] {
    if (++calls == 5) base.loopexit();
  });
  const time_point before = clock::now();
  a.add(2ms);

  base.dispatch();

  EXPECT_GE(clock::now() - before, 10ms);
}

TEST_P(RealTime, NoDelayedExitIsEarly) {
  const time_point before = clock::now();
  base.loopexit(1'500us);

  base.dispatch();

  EXPECT_GE(clock::now() - before, 1'500us);
}

TEST_P(RealTime, ATimeoutMayBeForEver) {
  pair fds;
  event a = event::timer(base, [] {});
  event reader(base, fds.a(), what::read, [] {});
  a.add(duration::max());
  reader.add();
  fds.send();

  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);

  EXPECT_EQ(a.pending(), what::timeout);
  EXPECT_EQ(reader.pending(), what::none);
}

TEST_P(RealTime, WhatCanBeReadNeedNotWaitForTheTimeout) {
  pair fds;
  what fired = what::none;
  event a(base, fds.a(), what::read, [&](what res) { fired = res; });
  a.add(1h);
  fds.send();

  base.dispatch();

  EXPECT_EQ(fired, what::read);
}

TEST_P(RealTime, WhatCanBeReadWhenTheTimeoutPassesIsReportedWithIt) {
  pair fds;
  what fired = what::none;
  event a(base, fds.a(), what::read, [&](what res) { fired = res; });
  a.add(0ms);
  fds.send();

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(fired, what::read | what::timeout);
}

TEST_P(RealTime, ATimeoutIsForEachOfTheEventsOnADescriptor) {
  pair fds;
  std::vector<what> fired;
  const auto note = [&](what res) { fired.push_back(res); };
  event first(base, fds.a(), what::read, note);
  event second(base, fds.a(), what::read, note);
  first.add(0ms);
  second.add();

  base.loop(loop_flags::nonblock);
  fds.send();
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(fired, (std::vector<what>{what::timeout, what::read}));
}

/// What a loop makes of signals that have come.
class SignalsInALoop : signals_restored, public OnBackend {
 protected:
  void SetUp() override { skip_unless_signals_are_counted(GetParam()); }

  SignalsInALoop() { manual_clock::zero(); }

  void turn() { base.loop(loop_flags::nonblock); }

  std::size_t due() const { return base.num_events(event_count::active); }

  int calls = 0;
  what seen = what::none;  // by the last call
  event ev = event::signal(base, SIGUSR1, [this](what fired) {
    ++calls;
    seen = fired;
  });
};
INSTANTIATE_TEST_SUITE_P(Backends, SignalsInALoop,
                         ::testing::ValuesIn(backends), backend_name);

TEST_P(SignalsInALoop, AreToldOfOneByOne) {
  ev.add();
  raise(SIGUSR1, 3);
  turn();
  EXPECT_EQ(calls, 3);

  turn();
  EXPECT_EQ(calls, 3);
}

TEST_P(SignalsInALoop, AreToldOfInOneTurn) {
  ev.add();
  raise(SIGUSR1, 3);

  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);

  EXPECT_EQ(calls, 3);
  EXPECT_EQ(due(), 0u);
}

TEST_P(SignalsInALoop, CallAOneShotEventOnce) {
  const counting_handler own(SIGUSR1);
  int shots = 0;
  event once(base, SIGUSR1, what::signal, [&] { ++shots; });
  once.add();
  raise(SIGUSR1, 3);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(shots, 1);
  EXPECT_EQ(once.pending(), what::none);
  EXPECT_EQ(own.calls(), 0);
}

TEST_P(SignalsInALoop, CallAllEventsInTheOrderOfAdding) {
  std::string trace;
  event a = event::signal(base, SIGUSR1, [&] { trace += 'a'; });
  event b = event::signal(base, SIGUSR1, [&] { trace += 'b'; });
  event c(base, SIGUSR1, what::signal, [&] { trace += 'c'; });
  b.add();
  c.add();
  a.add();
  raise(SIGUSR1, 2);

  turn();

  EXPECT_EQ(trace, "bbcaa");
}

TEST_P(SignalsInALoop, CallTheMostUrgentEventFirst) {
  base.priority_init(2);
  std::string trace;
  event later = event::signal(base, SIGUSR1, [&] { trace += 'l'; });
  event urgent = event::signal(base, SIGUSR1, [&] { trace += 'u'; });
  later.priority_set(1);
  urgent.priority_set(0);
  later.add();
  urgent.add();
  raise(SIGUSR1, 2);

  turn();

  EXPECT_EQ(trace, "uull");
}

TEST_P(SignalsInALoop, AreDispatchedWithWhatIsReady) {
  const pair fds;
  std::string trace;
  event reads(base, fds.a(), what::read, [&] { trace += 'r'; });
  event waits = event::signal(base, SIGUSR1, [&] { trace += 's'; });
  waits.add();
  reads.add();
  fds.send();
  raise(SIGUSR1);

  turn();

  EXPECT_EQ(trace, "rs");
}

TEST_P(SignalsInALoop, StopWithTheirEventsDeletion) {
  event deletes = event::signal(base, SIGUSR1, [&] {
    ++calls;
    deletes.del();
  });
  deletes.add();
  raise(SIGUSR1, 3);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(due(), 0u);
  base.self_check();
}

TEST_P(SignalsInALoop, StopWithTheirEventsEnd) {
  std::optional<event> ends;
  ends.emplace(base, SIGUSR1, what::signal | what::persist, [&] {
    ++calls;
    ends.reset();
  });
  ends->add();
  raise(SIGUSR1, 3);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 1);
  base.self_check();
}

TEST_P(SignalsInALoop, StopWhenAnotherCallbackDeletesTheirEvent) {
  event first = event::signal(base, SIGUSR1, [&] { ev.del(); });
  first.add();
  ev.add();
  raise(SIGUSR1, 3);

  turn();

  EXPECT_EQ(calls, 0);
  base.self_check();
}

TEST_P(SignalsInALoop, StartAnewForAnEventThatIsAddedAgain) {
  event again = event::signal(base, SIGUSR1, [&] {
    ++calls;
    again.del();
    again.add();
  });
  again.add();
  raise(SIGUSR1, 3);

  turn();
  turn();

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(again.pending(), what::signal);
}

TEST_P(SignalsInALoop, OutlastABreak) {
  event breaks = event::signal(base, SIGUSR1, [&] {
    ++calls;
    base.loopbreak();
  });
  breaks.add();
  raise(SIGUSR1, 3);
  for (int run = 1; run <= 3; ++run) {
    EXPECT_EQ(base.dispatch(), loop_result::stopped);
    EXPECT_EQ(calls, run);
    EXPECT_EQ(due(), run < 3 ? 1u : 0u);
    base.self_check();
  }
}

TEST_P(SignalsInALoop, OutlastAnException) {
  event throws = event::signal(base, SIGUSR1, [&] {
    if (++calls == 2) throw std::runtime_error("the second");
  });
  throws.add();
  raise(SIGUSR1, 3);

  EXPECT_THROW(turn(), std::runtime_error);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(due(), 1u);
  base.self_check();

  turn();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(due(), 0u);
}

TEST_P(SignalsInALoop, OutlastAContinue) {
  event continues = event::signal(base, SIGUSR1, [&] {
    ++calls;
    base.loopcontinue();
  });
  continues.add();
  raise(SIGUSR1, 3);

  turn();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);

  EXPECT_EQ(calls, 3);
}

TEST_P(SignalsInALoop, AddUpWithThoseThatAreLeft) {
  event breaks = event::signal(base, SIGUSR1, [&] {
    if (++calls == 1) base.loopbreak();
  });
  breaks.add();
  raise(SIGUSR1, 3);
  turn();
  raise(SIGUSR1, 4);

  turn();

  EXPECT_EQ(calls, 7);
}

TEST_P(SignalsInALoop, RaisedInACallbackAreForTheNextTurn) {
  event raises = event::signal(base, SIGUSR1, [&] {
    ++calls;
    raise(SIGUSR1);
  });
  raises.add();
  raise(SIGUSR1);
  for (int run = 1; run <= 3; ++run) {
    turn();
    EXPECT_EQ(calls, run);
  }
}

TEST_P(SignalsInALoop, LeaveAPersistentEventThatHasTimedOut) {
  base.set_clock(manual_clock::read);
  ev.add(std::chrono::seconds(10));

  manual_clock::advance(std::chrono::seconds(10));
  turn();
  EXPECT_EQ(seen, what::timeout);
  EXPECT_EQ(ev.pending(), what::signal | what::timeout);

  raise(SIGUSR1);
  turn();
  EXPECT_EQ(seen, what::signal);

  manual_clock::advance(std::chrono::seconds(10));
  turn();
  EXPECT_EQ(seen, what::timeout);
  EXPECT_EQ(calls, 3);
}

TEST_P(SignalsInALoop, StartTheTimeoutAnew) {
  base.set_clock(manual_clock::read);
  ev.add(std::chrono::seconds(10));
  manual_clock::advance(std::chrono::seconds(4));
  raise(SIGUSR1, 2);

  turn();

  EXPECT_EQ(calls, 2);
  EXPECT_EQ(ev.deadline(), manual_clock::time + std::chrono::seconds(10));
}

TEST_P(SignalsInALoop, AreToldOfTogetherWithATimeout) {
  base.set_clock(manual_clock::read);
  std::vector<what> all;
  event both =
      event::signal(base, SIGUSR1, [&](what fired) { all.push_back(fired); });
  both.add(std::chrono::seconds(10));
  manual_clock::advance(std::chrono::seconds(10));
  raise(SIGUSR1, 2);

  turn();

  EXPECT_EQ(all, (std::vector{what::signal | what::timeout, what::signal}));
  EXPECT_EQ(both.deadline(), manual_clock::time + std::chrono::seconds(10));
}

TEST_P(SignalsInALoop, MayComeTooLateForAOneShotEvent) {
  const counting_handler own(SIGUSR1);
  base.set_clock(manual_clock::read);
  event once(base, SIGUSR1, what::signal, [&](what fired) { seen = fired; });
  once.add(std::chrono::seconds(10));
  manual_clock::advance(std::chrono::seconds(10));

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  raise(SIGUSR1);

  EXPECT_EQ(seen, what::timeout);
  EXPECT_EQ(own.calls(), 1);
}

TEST_P(SignalsInALoop, MayShareATimeout) {
  base.set_clock(manual_clock::read);
  common_timeout& shared = base.init_common_timeout(std::chrono::seconds(10));
  ev.add(shared);
  manual_clock::advance(std::chrono::seconds(10));
  turn();
  EXPECT_EQ(seen, what::timeout);

  raise(SIGUSR1);
  turn();
  EXPECT_EQ(seen, what::signal);
  base.self_check();
}

TEST_P(SignalsInALoop, MayBePretended) {
  event also = event::signal(base, SIGUSR1, [this] { ++calls; });
  event other = event::signal(base, SIGUSR2, [] { FAIL(); });
  ev.add();
  also.add();
  other.add();

  base.active_by_signal(SIGUSR1);
  EXPECT_EQ(due(), 2u);
  turn();

  EXPECT_EQ(calls, 2);
  EXPECT_EQ(seen, what::signal);
}

TEST_P(SignalsInALoop, ThatNobodyWaitsForMayBePretended) {
  ev.add();
  for (const int signo : {-1, 0, SIGUSR2, NSIG, 1000}) {
    base.active_by_signal(signo);
  }
  ev.del();
  base.active_by_signal(SIGUSR1);
  EXPECT_EQ(due(), 0u);
}

TEST_P(SignalsInALoop, ThatArePretendedInTheirCallbackAreForTheNextTurn) {
  event again = event::signal(base, SIGUSR1, [this] {
    if (++calls > 1) return;
    for (int i = 0; i < 3; ++i) base.active_by_signal(SIGUSR1);
  });
  again.add();
  base.active_by_signal(SIGUSR1);
  base.active_by_signal(SIGUSR1);

  turn();
  EXPECT_EQ(calls, 1);
  base.self_check();

  turn();
  EXPECT_EQ(calls, 5);
}

TEST_P(SignalsInALoop, ThatAnAddTellsOfInTheirCallbackAreForTheNextTurn) {
  event other = event::signal(base, SIGUSR2, [] {});
  event again = event::signal(base, SIGUSR1, [&] {
    if (++calls > 1) return;
    raise(SIGUSR1, 3);
    other.add();
  });
  again.add();
  base.active_by_signal(SIGUSR1);
  base.active_by_signal(SIGUSR1);

  turn();
  ASSERT_EQ(calls, 1);

  base.loop(loop_flags::once);
  EXPECT_GE(calls, 3);  // what is left, and one at least of the three
}

TEST_P(SignalsInALoop, ArePretendedAsOneDelivery) {
  ev.add();
  base.active_by_signal(SIGUSR1);
  raise(SIGUSR1);

  turn();

  EXPECT_EQ(calls, 2);
}

TEST_P(SignalsInALoop, ShowWhoseCallbackIsRunning) {
  const event* running = nullptr;
  event watched =
      event::signal(base, SIGUSR1, [&] { running = base.running_event(); });
  watched.add();
  raise(SIGUSR1);

  turn();

  EXPECT_EQ(running, &watched);
  EXPECT_EQ(base.running_event(), nullptr);
}

TEST_P(SignalsInALoop, KeepItRunningUntilTheLastEventGoes) {
  event last(base, SIGUSR2, what::signal, [&] { ev.del(); });
  ev.add();
  last.add();
  raise(SIGUSR2);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_P(SignalsInALoop, CountAsEventsButTheirPipeDoesNot) {
  ev.add();
  EXPECT_EQ(base.num_events(event_count::added), 1u);
  EXPECT_EQ(base.max_events(event_count::added), 1u);

  raise(SIGUSR1, 3);
  turn();
  EXPECT_EQ(base.max_events(event_count::active), 1u);

  ev.del();
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  base.self_check();
}

TEST_P(SignalsInALoop, AreShownBetweenDescriptorsAndTimers) {
  const pair fds;
  event timer = event::timer(base, [] {});
  event due_only = event::signal(base, SIGHUP, [] {});
  event reads(base, fds.a(), what::read, [] {});
  due_only.active(what::signal);
  timer.add(std::chrono::hours(1));
  ev.add(std::chrono::hours(1));
  reads.add();

  std::vector<std::pair<int, what>> shown;
  base.for_each_event([&](const event_info& info) {
    shown.emplace_back(info.fd, info.pending);
    return true;
  });

  EXPECT_EQ(shown, (std::vector<std::pair<int, what>>{
                       {fds.a(), what::read},
                       {SIGUSR1, what::signal | what::timeout},
                       {-1, what::timeout},
                       {SIGHUP, what::signal}}));
}

TEST_P(SignalsInALoop, AreDumpedAsSuch) {
  ev.add();
  base.active_by_signal(SIGUSR1);
  std::ostringstream out;

  base.dump_events(out);

  EXPECT_EQ(out.str(), "signal " + std::to_string(SIGUSR1) +
                           " (signal|persist), priority 0: added due\n");
}

TEST_P(SignalsInALoop, AreNotForOnce) {
  EXPECT_THROW(base.once(SIGUSR1, what::signal, [] {}), std::invalid_argument);
}

TEST_P(SignalsInALoop, KeepTheirEventsPriority) {
  base.priority_init(2);
  ev.priority_set(1);
  ev.add();

  EXPECT_THROW(base.priority_init(1), std::logic_error);

  ev.del();
  base.priority_init(1);
  EXPECT_THROW(ev.add(), std::logic_error);
  EXPECT_EQ(ev.pending(), what::none);
}

TEST_P(SignalsInALoop, DoNotComeInTheWayOfTheBasesEnd) {
  const counting_handler own(SIGUSR1);
  {
    event_base short_lived(make_backend(GetParam()));
    event left = event::signal(short_lived, SIGUSR1, [&] {
      ++calls;
      short_lived.loopbreak();
    });
    left.add();
    raise(SIGUSR1, 3);
    short_lived.dispatch();
  }
  EXPECT_EQ(calls, 1);
  raise(SIGUSR1);
  EXPECT_EQ(own.calls(), 1);
}

using namespace std::chrono_literals;

TEST(EventBaseMade, WaitsWithWhatItsConfigLeaves) {
  event_config config;
  config.avoid_method(supported_methods().front().name);
  EXPECT_STREQ(event_base(config).method(), supported_methods()[1].name);
}

TEST(EventBaseMade, ThrowsWhenItsConfigLeavesNothing) {
  event_config config;
  for (const method& m : supported_methods()) config.avoid_method(m.name);
  EXPECT_THROW(event_base{config}, std::runtime_error);
}

TEST_P(EventBase, HasTheFeaturesOfItsBackend) {
  EXPECT_EQ(base.features(), make_backend(GetParam())->features());
}

TEST_P(EventBase, LeaksNoDescriptorOver1000Bases) {
  const std::vector<int> before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    event_base brief(make_backend(GetParam()));
    event reader(brief, a.a(), what::read, [] {});
    event signals = event::signal(brief, SIGUSR1, [] {});
    reader.add(999us);
    signals.add();
    brief.loop(loop_flags::nonblock);
    brief.reinit();
  }
  EXPECT_EQ(open_descriptors(), before);
}

/// A base that limits what a turn may call, with five events, a to e; each
/// callback takes a millisecond.
class DispatchLimits : public ::testing::Test {
 protected:
  static dispatch_limits callbacks(int count, int min_priority = 0) {
    return {duration::max(), count, min_priority};
  }

  /// Makes the base. All five events have that priority.
  void limit(const dispatch_limits& limits, int priority = 0) {
    manual_clock::zero();
    event_config config;
    base =
        std::make_unique<event_base>(config.set_max_dispatch_interval(limits));
    base->set_clock(manual_clock::read);
    base->priority_init(3);
    for (char name = 'a'; name <= 'e'; ++name) make(name, priority);
  }

  void make(char name, int priority) {
    events.push_back(std::make_unique<event>(*base, -1, what::none, [=, this] {
      trace += name;
      manual_clock::advance(1ms);
    }));
    events.back()->priority_set(priority);
  }

  void all_are_due() {
    for (const auto& ev : events) ev->active(what::read);
  }

  /// The events called in a turn.
  std::string turn() {
    base->loop(loop_flags::nonblock);
    base->self_check();
    return std::exchange(trace, {});
  }

  std::unique_ptr<event_base> base;
  std::vector<std::unique_ptr<event>> events;
  std::string trace;
};

TEST_F(DispatchLimits, ThatAreNoneLetATurnCallEverything) {
  limit({});
  all_are_due();
  EXPECT_EQ(turn(), "abcde");
}

TEST_F(DispatchLimits, OfCallbacksLeaveTheRestDueForTheNextTurns) {
  limit(callbacks(2));
  all_are_due();

  EXPECT_EQ(turn(), "ab");
  EXPECT_EQ(base->num_events(event_count::active), 3u);
  EXPECT_EQ(turn(), "cd");
  EXPECT_EQ(turn(), "e");
  EXPECT_EQ(turn(), "");
}

TEST_F(DispatchLimits, OfTimeLeaveTheRestDueWhenItHasPassed) {
  limit({2ms, INT_MAX, 0});
  all_are_due();

  EXPECT_EQ(turn(), "ab");
  EXPECT_EQ(turn(), "cd");
  EXPECT_EQ(turn(), "e");
}

TEST_F(DispatchLimits, OfNoTimeLetATurnCallOne) {
  limit({0ms, INT_MAX, 0});
  all_are_due();
  EXPECT_EQ(turn(), "a");
  EXPECT_EQ(turn(), "b");
}

TEST_F(DispatchLimits, OfTimeCountFromTheBeginningOfTheTurnsCalls) {
  limit({2ms, INT_MAX, 0});
  manual_clock::advance(1h);
  all_are_due();
  EXPECT_EQ(turn(), "ab");
}

TEST_F(DispatchLimits, EndATurnByWhicheverIsReachedFirst) {
  limit({3ms, 2, 0});
  all_are_due();
  EXPECT_EQ(turn(), "ab");

  limit({1ms, 2, 0});
  events.erase(events.begin(), events.begin() + 5);
  all_are_due();
  EXPECT_EQ(turn(), "a");
}

TEST_F(DispatchLimits, DoNotEndARun) {
  limit(callbacks(2));
  all_are_due();

  EXPECT_EQ(base->dispatch(), loop_result::no_events);

  EXPECT_EQ(trace, "abcde");
}

TEST_F(DispatchLimits, CutALastTurnShort) {
  limit(callbacks(2));
  all_are_due();
  base->loopexit();

  EXPECT_EQ(base->dispatch(), loop_result::stopped);
  EXPECT_EQ(std::exchange(trace, {}), "ab");

  base->dispatch();
  EXPECT_EQ(trace, "cde");
}

TEST_F(DispatchLimits, ExemptTheMoreUrgentPriorities) {
  limit(callbacks(1, 1), 0);
  make('f', 1);
  make('g', 2);
  all_are_due();

  EXPECT_EQ(turn(), "abcdef");
  EXPECT_EQ(turn(), "g");
}

TEST_F(DispatchLimits, ConcernTheirLeastPriorityItself) {
  limit(callbacks(1, 1), 1);
  all_are_due();
  EXPECT_EQ(turn(), "a");
}

TEST_F(DispatchLimits, LetSomethingUrgentInBetween) {
  for (const int count : {INT_MAX, 2}) {
    limit(callbacks(count), 1);
    const pair fds;
    event urgent(*base, fds.a(), what::read, [this] { trace += '!'; });
    urgent.priority_set(0);
    urgent.add();
    event first(*base, -1, what::none, [&] { fds.send(); });
    first.priority_set(1);
    first.active(what::read);
    all_are_due();

    base->dispatch();

    EXPECT_EQ(std::exchange(trace, {}), count == 2 ? "a!bcde" : "abcde!");
    events.clear();
  }
}

TEST_F(DispatchLimits, CountEachDeliveryOfASignal) {
  limit(callbacks(2));
  int calls = 0;
  event ev = event::signal(*base, SIGUSR1, [&] { ++calls; });
  ev.add();
  raise(SIGUSR1, 5);

  for (const int called : {2, 4, 5}) {
    base->loop(loop_flags::nonblock);
    EXPECT_EQ(calls, called);
  }
}

/// What a callback sees of the time.
class NoTimeCache : public ::testing::Test {
 protected:
  /// By how much now() moves in a callback that takes a millisecond, in a base
  /// with `flag`.
  static duration moved(base_flag flag, bool updated) {
    manual_clock::zero();
    event_config config;
    event_base base(config.set_flag(flag));
    base.set_clock(manual_clock::read);
    duration by{};
    base.once(-1, what::none, [&] {
      const time_point before = base.now();
      if (updated) base.update_time_cache();
      manual_clock::advance(1ms);
      by = base.now() - before;
    });
    base.dispatch();
    return by;
  }
};

TEST_F(NoTimeCache, ReadsTheClockWheneverTheTimeIsAskedFor) {
  EXPECT_EQ(moved(base_flag::no_cache_time, false), 1ms);
  EXPECT_EQ(moved(base_flag::none, false), 0ms);
}

TEST_F(NoTimeCache, HasNothingToUpdate) {
  EXPECT_EQ(moved(base_flag::no_cache_time, true), 1ms);
}

/// Descriptors that are closed before their events are deleted, as they should
/// not be; and numbers that stand for something else by then.
class ReusedNumbers : public OnBackend {
 protected:
  ReusedNumbers() { base.set_clock(count_and_read); }

  // A turn of a loop with timers reads the clock twice.
  static time_point count_and_read() {
    ++clock_reads;
    return clock::now();
  }

  /// What `other` is, under the number that `gone` had.
  void reuse(const pair& other) {
    fd = fds.a();
    fds.close_a();
    ASSERT_EQ(::fcntl(other.a(), F_DUPFD, fd), fd);
  }

  ~ReusedNumbers() override {
    if (fd >= 0) ::close(fd);
  }

  static inline int clock_reads;
  pair fds;
  int fd = -1;
};
INSTANTIATE_TEST_SUITE_P(Backends, ReusedNumbers, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(ReusedNumbers, DoNotKeepANewEventFromItsFirstCall) {
  const pair other;
  event stale(base, fds.a(), what::read | what::persist, [] {});
  stale.add();
  base.loop(loop_flags::nonblock);
  reuse(other);
  int calls = 0;
  event fresh(base, fd, what::read, [&] { ++calls; });

  fresh.add();
  other.send();
  base.loop(loop_flags::once);

  EXPECT_EQ(calls, 1);
}

TEST_P(ReusedNumbers, DoNotKeepANewEventWaitingWhenTheStaleOneGoes) {
  const pair other;
  auto stale =
      std::make_unique<event>(base, fds.a(), what::read, [] { FAIL(); });
  stale->add();
  base.loop(loop_flags::nonblock);
  reuse(other);
  int calls = 0;
  event fresh(base, fd, what::read, [&] { ++calls; });

  fresh.add();
  stale.reset();
  other.send();
  base.loop(loop_flags::once);

  EXPECT_EQ(calls, 1);
}

TEST_P(ReusedNumbers, OfDuplicatesDoNotKeepTheLoopBusy) {
  const pair other;
  event gone(base, fds.a(), what::read | what::persist, [] { FAIL(); });
  gone.add();
  base.loop(loop_flags::nonblock);
  const int duplicate = ::dup(fds.a());
  fds.send();
  fds.close_a();
  gone.del();
  int served = 0;
  event reads(base, other.a(), what::read, [&] { ++served; });
  event ends = event::timer(base, [&] { other.send(); });
  reads.add();

  do {  // a ghost is borne until it has cost as much as a rebuild
    ends.add(20ms);
    clock_reads = 0;
    base.loop(loop_flags::once);
  } while (clock_reads >= 40);
  base.dispatch();

  EXPECT_EQ(served, 1);
  ::close(duplicate);
}

/// Two processes with one base: a descriptor, a timer, and a signal.
class AfterFork : signals_restored, public OnBackend {
 protected:
  AfterFork() {
    readable.add();
    timer.add(1ms);
    usr1.add();
  }

  /// Runs until all three events have been called; these, by the alphabet.
  std::string run() {
    raise(SIGUSR1);
    base.dispatch();
    base.self_check();
    std::sort(trace.begin(), trace.end());
    return trace;
  }

  pair fds;
  std::string trace;
  event readable{base, fds.a(), what::read, [this] { trace += 'r'; }};
  event timer{base, -1, what::none, [this] { trace += 't'; }};
  event usr1{base, SIGUSR1, what::signal, [this] { trace += 'u'; }};
};
INSTANTIATE_TEST_SUITE_P(Backends, AfterFork, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(AfterFork, ChildAndParentBothGoOn) {
  fds.send();
  child_process child([this] {
    base.reinit();
    return run();
  });

  EXPECT_EQ(run(), "rtu");
  EXPECT_EQ(child.says(), "rtu");
}

TEST_P(AfterFork, WhatTheChildDeletesStaysTheParents) {
  child_process child([this] {
    base.reinit();
    for (event* ev : {&readable, &timer, &usr1}) ev->del();
    return base.dispatch() == loop_result::no_events ? "left" : "stopped";
  });
  EXPECT_EQ(child.says(), "left");

  fds.send();
  EXPECT_EQ(run(), "rtu");
}

TEST_P(AfterFork, WhatTheChildAddsIsNotTheParents) {
  const pair other;
  event late(base, other.a(), what::write, [this] { trace += 'l'; });
  child_process child([&] {
    base.reinit();
    late.add();
    fds.send();
    return run();
  });
  EXPECT_EQ(child.says(), "lrtu");

  EXPECT_EQ(run(), "rtu");
}

// Before the child's reinit() or after it.
TEST_P(AfterFork, WhatTheParentDeletesStaysTheChilds) {
  child_process child([this] {
    base.reinit();
    return run();
  });
  for (event* ev : {&readable, &timer, &usr1}) ev->del();
  fds.send();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(child.says(), "rtu");
}

// As in a server that forks when it is asked to: both answer.
TEST_P(AfterFork, MayBeInACallback) {
  fds.send();
  child_process two([this] {
    base.reinit();
    base.once(-1, what::none, [this] {
      if (::fork() > 0) return;
      base.reinit();
      trace += '>';
    });
    return run() + ' ';
  });

  const std::string said = two.says();
  EXPECT_TRUE(said == "rtu >rtu " || said == ">rtu rtu ") << said;
}

TEST_P(AfterFork, AnEventWithoutADescriptorIsToldAndTakenOff) {
  child_process child([this] {
    const recorded_log log;
    const pair other;
    base.once(other.a(), what::write, [this] { trace += 'o'; });
    fds.close_a();
    base.reinit();
    const std::string called = run();
    return called + (any(readable.pending()) ? " waits" : " gone") + ' ' +
           std::to_string(log.received().size());
  });

  EXPECT_EQ(child.says(), "ortu gone 1");

  fds.send();
  EXPECT_EQ(run(), "rtu");
}

TEST_P(AfterFork, AGrandchildGoesOnToo) {
  fds.send();
  child_process child([this] {
    base.reinit();
    child_process grandchild([this] {
      base.reinit();
      return run();
    });
    const std::string own = run();
    return own + ' ' + grandchild.says();
  });

  EXPECT_EQ(child.says(), "rtu rtu");
}

class SignalsOfTheBackend : signals_restored, public OnFake {};

TEST_F(SignalsOfTheBackend, AreCountedUpToTheGreatestNumber) {
  event ev = event::signal(base, SIGUSR1, [this] {
    called('s');
    if (trace != "s1 ") return base.loopbreak();
    for (int i = 0; i < 3; ++i) base.active_by_signal(SIGUSR1);
  });
  ev.add();
  kernel.next = {{SIGUSR1, what::signal, 0, INT_MAX}};

  for (int i = 0; i < 2; ++i) base.loop(loop_flags::nonblock);

  EXPECT_EQ(trace, "s1 s2 ");
  EXPECT_EQ(base.num_events(event_count::active), 1u);
}

/// A number that leads to one socket, and then to another or to none.
class reused_number {
 public:
  struct way {
    const char* name;
    bool keep;  ///< the first socket stays open, by a duplicate
    bool close_first;  ///< or the other socket is put over it
  };
  static constexpr way ways[] = {{"closed", false, true},
                                 {"replaced", false, false},
                                 {"closed, with a duplicate", true, true},
                                 {"replaced, with a duplicate", true, false}};

  reused_number() : fd_(::dup(before_.a())) { before_.close_a(); }

  int fd() const { return fd_.get(); }

  /// The number leads nowhere; where it led, there is something to read.
  void close(bool keep) {
    before_.send();
    if (keep) kept_ = unique_fd(::dup(fd()));
    ::close(fd_.release());
  }

  /// The same, and it leads to another socket.
  void move(const way& how) {
    before_.send();
    if (how.keep) kept_ = unique_fd(::dup(fd()));
    const int number = fd();
    if (how.close_first) ::close(fd_.release());
    const int after = how.close_first ? ::fcntl(after_.a(), F_DUPFD, number)
                                      : ::dup2(after_.a(), number);
    ASSERT_EQ(after, number);
    if (how.close_first) fd_ = unique_fd(after);
  }

  /// Makes the other socket readable.
  void send() const { after_.send(); }

 private:
  pair before_;
  pair after_;
  unique_fd kept_;  // a duplicate of the first socket
  unique_fd fd_;  // the number
};

/// What events hear of a number that was re-used between their last change and
/// the next wait.
class NumberReusedBeforeAWait : public OnBackend {
 protected:
  NumberReusedBeforeAWait() { base.set_clock(&counted_clock); }

  /// Some turns of the loop, that do not wait.
  void turns() {
    for (int i = 0; i < 3; ++i) base.loop(loop_flags::nonblock);
  }

  /// Lets ghosts cost what a rebuild does, until the loop spends 5 ms in which
  /// nothing happens in a few turns.
  void come_to_rest() {
    event quiet = event::timer(base, [] {});
    do {
      quiet.add(std::chrono::milliseconds(5));
      reads = 0;
      base.loop(loop_flags::once);
    } while (reads >= 10);
  }

  /// `number` has been moved: nothing is called until its new socket is
  /// readable, and then one event is, once a turn.
  void expect_the_new_one_alone(const reused_number& number) {
    turns();
    EXPECT_EQ(trace, "");
    come_to_rest();
    EXPECT_EQ(trace, "");
    number.send();
    base.loop(loop_flags::nonblock);
    EXPECT_EQ(trace, "new");
  }

  void called(const char* by) { trace += by; }

  std::string trace;

 private:
  static time_point counted_clock() { return ++reads, clock::now(); }

  static inline int reads = 0;  // how often a loop has looked at the clock
};
INSTANTIATE_TEST_SUITE_P(Backends, NumberReusedBeforeAWait,
                         ::testing::ValuesIn(backends), backend_name);

TEST_P(NumberReusedBeforeAWait, IsNobodysWhenItIsClosed) {
  for (const bool keep : {false, true}) {
    SCOPED_TRACE(keep ? "with a duplicate" : "");
    reused_number number;
    event old(base, number.fd(), what::read | what::persist,
              [this] { called("old"); });
    old.add();
    turns();

    old.del();
    number.close(keep);

    turns();
    come_to_rest();
    EXPECT_EQ(trace, "");
  }
}

TEST_P(NumberReusedBeforeAWait, IsOfTheNewFileForTheSameEvent) {
  for (const auto& how : reused_number::ways) {
    SCOPED_TRACE(how.name);
    trace.clear();
    reused_number number;
    event ev(base, number.fd(), what::read | what::persist,
             [this] { called("new"); });
    ev.add();
    turns();

    ev.del();
    number.move(how);
    ev.add();

    expect_the_new_one_alone(number);
  }
}

TEST_P(NumberReusedBeforeAWait, IsOfTheNewFileForAnotherEvent) {
  for (const auto& how : reused_number::ways) {
    SCOPED_TRACE(how.name);
    trace.clear();
    reused_number number;
    event old(base, number.fd(), what::read | what::persist,
              [this] { called("old"); });
    event fresh(base, number.fd(), what::read | what::persist,
                [this] { called("new"); });
    old.add();
    turns();

    old.del();
    number.move(how);
    fresh.add();

    expect_the_new_one_alone(number);
  }
}

TEST_P(NumberReusedBeforeAWait, IsOfTheNewFileWithinACallback) {
  for (const auto& how : reused_number::ways) {
    SCOPED_TRACE(how.name);
    trace.clear();
    reused_number number;
    event ev(base, number.fd(), what::read | what::persist,
             [this] { called("new"); });
    event change(base, -1, what::none, [&] {
      ev.del();
      number.move(how);
      ev.add();
    });
    ev.add();
    change.active(what::none);
    base.loop(loop_flags::nonblock);

    expect_the_new_one_alone(number);
  }
}

TEST_P(NumberReusedBeforeAWait, IsNobodysWhenItIsMoved) {
  for (const auto& how : reused_number::ways) {
    SCOPED_TRACE(how.name);
    reused_number number;
    event old(base, number.fd(), what::read | what::persist,
              [this] { called("old"); });
    old.add();
    turns();

    old.del();
    number.move(how);
    number.send();

    turns();
    come_to_rest();
    EXPECT_EQ(trace, "");
  }
}

// The first socket stays open in the child; it comes into being before the
// socket is closed, with the deletion still to be told.
TEST_P(NumberReusedBeforeAWait, IsOfTheNewFileThoughAChildHasTheOldOne) {
  for (const auto& how : reused_number::ways) {
    SCOPED_TRACE(how.name);
    trace.clear();
    reused_number number;
    event ev(base, number.fd(), what::read | what::persist,
             [this] { called("new"); });
    ev.add();
    turns();

    ev.del();
    child_process holder([] {
      ::pause();
      return "";
    });
    number.move(how);
    ev.add();

    expect_the_new_one_alone(number);
  }
}

/// Changes that the kernel may not have been told of yet.
class Changes : public OnBackend {
 protected:
  void turn() { base.loop(loop_flags::nonblock); }

  void called(const char* by) { trace += by; }

  pair fds;
  std::string trace;
  event reader{base, fds.a(), what::read | what::persist,
               [this] { called("r"); }};
  event writer{base, fds.a(), what::write | what::persist,
               [this] { called("w"); }};
};
INSTANTIATE_TEST_SUITE_P(Backends, Changes, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Changes, CountByWhatIsLeftOfThemAtTheWait) {
  fds.send();
  reader.add();
  writer.add();
  reader.del();
  turn();
  EXPECT_EQ(trace, "w");

  reader.add();
  writer.del();
  turn();
  EXPECT_EQ(trace, "wr");
}

TEST_P(Changes, LoseNothingWhenTheyAreTakenBack) {
  reader.add();
  turn();
  writer.add();
  writer.del();
  turn();
  EXPECT_EQ(trace, "");

  fds.send();
  turn();
  EXPECT_EQ(trace, "r");
}

TEST_P(Changes, OutliveReinit) {
  const pair other;
  fds.send();
  other.send();
  event gone(base, other.a(), what::read, [] { FAIL(); });
  reader.add();
  turn();
  trace.clear();
  gone.add();
  gone.del();
  writer.add();

  base.reinit();

  turn();
  EXPECT_TRUE(trace == "rw" || trace == "wr") << trace;
}

TEST_P(Changes, AreForgottenWithTheirBase) {
  reader.add();
  turn();
  {
    event_base brief(make_backend(GetParam()));
    event ev(brief, fds.a(), what::read | what::persist, [] { FAIL(); });
    ev.add();
    brief.loop(loop_flags::nonblock);
    ev.del();
    ev.add();
  }
  fds.send();
  turn();
  EXPECT_EQ(trace, "r");
}

// What wakes a loop that sleeps in another thread

/// A loop that has nothing to do for a day, in a thread of its own. A test that
/// cannot wake it hangs.
class Woken : signals_restored, public ::testing::TestWithParam<const char*> {
 protected:
  Woken() {
    base.make_notifiable();
    never.add(24h);
  }

  /// Starts the loop, and does `work` while it sleeps. Why the loop has ended.
  template <class F>
  loop_result while_it_sleeps(F work) {
    loop_thread loop(base);
    asleep.await();
    work();
    const loop_result result = loop.join();
    base.self_check();
    return result;
  }

  sleeps asleep;
  event_base base{
      std::make_unique<announcing_eventop>(make_backend(GetParam()), asleep)};
  pair fds;
  int calls = 0;
  event never = event::timer(base, [this] { ++calls; });
  event stops{base, fds.a(), what::read, [this] {
                ++calls;
                base.loopbreak();
              }};
};
INSTANTIATE_TEST_SUITE_P(Backends, Woken, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Woken, ByADescriptorThatIsReady) {
  fds.send();
  EXPECT_EQ(while_it_sleeps([this] { stops.add(); }), loop_result::stopped);
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByADescriptorThatBecomesReady) {
  while_it_sleeps([this] {
    stops.add();
    fds.send();
  });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByMoreThatIsWantedOfADescriptor) {
  event reads(base, fds.a(), what::read | what::persist, [] {});
  event writes(base, fds.a(), what::write, [this] { base.loopbreak(); });
  reads.add();
  EXPECT_EQ(while_it_sleeps([&] { writes.add(); }), loop_result::stopped);
}

TEST_P(Woken, ByADescriptorThatIsDeletedAndAddedAgain) {
  stops.add();
  fds.send();
  stops.del();
  while_it_sleeps([this] {
    stops.add();
    stops.del();
    stops.add();
  });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByAnEarlierTimeout) {
  while_it_sleeps([this] { stops.add(1ms); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByATimeoutThatBecomesEarlier) {
  while_it_sleeps([this] { never.add(1ms); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByACommonTimeout) {
  common_timeout& soon = base.init_common_timeout(1ms);
  while_it_sleeps([&] { stops.add(soon); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, WhenTheLastEventIsDeleted) {
  EXPECT_EQ(while_it_sleeps([this] { never.del(); }), loop_result::no_events);
}

TEST_P(Woken, WhenTheLastEventIsDeletedWithoutWaiting) {
  EXPECT_EQ(while_it_sleeps([this] { never.del_noblock(); }),
            loop_result::no_events);
}

TEST_P(Woken, WhenTheLastTimerIsRemoved) {
  EXPECT_EQ(while_it_sleeps([this] { never.remove_timer(); }),
            loop_result::no_events);
}

TEST_P(Woken, WhenTheLastEventIsDestroyed) {
  never.del();
  auto last = std::make_unique<event>(base, fds.a(), what::read, [] {});
  last->add();
  EXPECT_EQ(while_it_sleeps([&] { last.reset(); }), loop_result::no_events);
}

TEST_P(Woken, ByActive) {
  while_it_sleeps([this] { stops.active(what::read); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByActiveLater) {
  while_it_sleeps([this] { stops.active_later(what::read); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByActiveByFd) {
  stops.add();
  while_it_sleeps([this] { base.active_by_fd(fds.a(), what::read); });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByFinalize) {
  while_it_sleeps([this] {
    stops.finalize([this] {
      ++calls;
      base.loopbreak();
    });
  });
  EXPECT_EQ(calls, 1);
}

TEST_P(Woken, ByLoopbreak) {
  EXPECT_EQ(while_it_sleeps([this] { base.loopbreak(); }), loop_result::idle);
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, ByLoopexit) {
  EXPECT_EQ(while_it_sleeps([this] { base.loopexit(); }), loop_result::idle);
  EXPECT_TRUE(base.got_exit());
}

TEST_P(Woken, ByLoopexitAfterADelay) {
  EXPECT_EQ(while_it_sleeps([this] { base.loopexit(1ms); }), loop_result::idle);
  EXPECT_TRUE(base.got_exit());
}

TEST_P(Woken, ByOnce) {
  while_it_sleeps(
      [this] { base.once(-1, what::none, [this] { base.loopbreak(); }); });
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, ByOnceOnADescriptor) {
  while_it_sleeps([this] {
    base.once(fds.b(), what::write, [this] { base.loopbreak(); });
  });
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, ByPost) {
  while_it_sleeps([this] { base.post([this] { base.loopbreak(); }); });
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, BySignals) {
  event usr1 = event::signal(base, SIGUSR1, [this] { base.loopbreak(); });
  usr1.add();
  while_it_sleeps([] { ::kill(::getpid(), SIGUSR1); });
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, ByASignalThatIsWaitedForOnlyNow) {
#ifdef __linux__
  if (GetParam() == std::string("kqueue")) {
    GTEST_SKIP() << "the stand-in sees no signal that another thread handles";
  }
#endif
  event usr1 = event::signal(base, SIGUSR1, [this] { base.loopbreak(); });
  while_it_sleeps([&] {
    usr1.add();
    ::kill(::getpid(), SIGUSR1);
  });
  EXPECT_TRUE(base.got_break());
}

TEST_P(Woken, ByActiveBySignal) {
  event usr1 = event::signal(base, SIGUSR1, [this] { base.loopbreak(); });
  usr1.add();
  while_it_sleeps([this] { base.active_by_signal(SIGUSR1); });
  EXPECT_TRUE(base.got_break());
}

// Some backends hold on to a file while they wait for it.
TEST_P(Woken, SoThatWhatIsDeletedCanBeClosed) {
  stops.add();
  while_it_sleeps([this] {
    stops.del();
    fds.close_a();
    pollfd peer{fds.b(), POLLIN, 0};
    EXPECT_EQ(::poll(&peer, 1, -1), 1);
    base.loopbreak();
  });
  EXPECT_EQ(calls, 0);
}

TEST_P(Woken, AgainAndAgain) {
  std::atomic<int> turns = 0;
  event each = event::timer(base, [&turns] { ++turns; });
  while_it_sleeps([&] {
    for (int i = 1; i <= 100; ++i) {
      each.active(what::none);
      asleep.await(i + 1);
      EXPECT_EQ(turns, i);
    }
    base.loopbreak();
  });
}

TEST_P(Woken, EvenWhenThereIsNoEvent) {
  never.del();
  loop_thread loop(base, loop_flags::no_exit_on_empty);
  asleep.await();
  fds.send();

  stops.add();

  EXPECT_EQ(loop.join(), loop_result::stopped);
  EXPECT_EQ(calls, 1);
}

// What does not wake the loop

/// A loop that sleeps until it is woken; how often that was.
class WokenOrNot : public ::testing::Test {
 protected:
  WokenOrNot() {
    base.make_notifiable();
    hour.add(1h);
    readable.add();
  }

  /// How often the loop is woken by `work`, done while it sleeps.
  template <class F>
  int wakes(F work) {
    loop_thread loop(base);
    asleep.await();
    work();
    const int woken = asleep.notified();
    base.loopbreak();
    loop.join();
    base.self_check();
    return woken;
  }

  sleeps asleep;
  event_base base{std::make_unique<sleeping_eventop>(asleep)};
  pair fds;
  event hour = event::timer(base, [] {});
  event later = event::timer(base, [] {});
  event readable{base, fds.a(), what::read | what::persist, [] {}};
  event writable{base, fds.b(), what::write | what::persist, [] {}};
};

TEST_F(WokenOrNot, NotByALaterTimeout) {
  EXPECT_EQ(wakes([this] { later.add(2h); }), 0);
}

TEST_F(WokenOrNot, NotByATimeoutThatGoesAwayIfAnotherIsEarlier) {
  later.add(2h);
  EXPECT_EQ(wakes([this] {
              later.add(3h);
              later.remove_timer();
              later.del();
            }),
            0);
}

TEST_F(WokenOrNot, NotWhenTheEarliestTimeoutGoesAndOthersAreLeft) {
  later.add(2h);
  EXPECT_EQ(wakes([this] { hour.del(); }), 0);
}

TEST_F(WokenOrNot, NotWhenOthersAreLeft) {
  EXPECT_EQ(wakes([this] { readable.del(); }), 0);
}

TEST_F(WokenOrNot, NotByWhatChangesNothing) {
  EXPECT_EQ(wakes([this] {
              readable.add();
              writable.del();
              later.remove_timer();
              hour.pending();
              hour.priority_set(0);
              base.now();
              base.num_events(event_count::added);
              base.self_check();
            }),
            0);
}

TEST_F(WokenOrNot, NotByADescriptorIfTheBackendSeesIt) {
  EXPECT_EQ(wakes([this] { writable.add(); }), 0);
}

TEST_F(WokenOrNot, OnceByMuch) {
  asleep.meanwhile = [&] {
    base.loopbreak();
    later.add(1ms);
    later.active(what::timeout);
    for (int i = 0; i < 10; ++i) base.post([] {});
  };

  EXPECT_EQ(base.dispatch(), loop_result::stopped);

  EXPECT_EQ(asleep.count(), 1);
  EXPECT_EQ(asleep.notified(), 1);
}

TEST_F(WokenOrNot, OnceForEachSleep) {
  asleep.meanwhile = [this] {
    if (asleep.count() == 10) return base.loopbreak();
    for (int i = 0; i < 10; ++i) base.post([] {});
  };

  base.dispatch();

  EXPECT_EQ(asleep.notified(), 10);
}

TEST_F(WokenOrNot, NotByItsOwnCallbacks) {
  hour.del();
  event ends = event::timer(base, [this] {
    later.add(1ms);
    later.active(what::none);
    base.post([] {});
    base.loopexit();
  });
  ends.active(what::none);

  EXPECT_EQ(base.dispatch(), loop_result::stopped);

  EXPECT_EQ(asleep.notified(), 0);
}

TEST_F(WokenOrNot, NotWhileItDoesNotRun) {
  later.add(1ms);
  later.active(what::none);
  base.post([] {});
  base.loopbreak();

  EXPECT_EQ(asleep.notified(), 0);
}

TEST(WokenByChanges, IfTheBackendDoesNotSeeThem) {
  sleeps asleep;
  event_base base(std::make_unique<sleeping_eventop>(asleep, false));
  base.make_notifiable();
  const pair fds;
  event writable(base, fds.b(), what::write, [] {});
  event never = event::timer(base, [] {});
  never.add(24h);
  loop_thread loop(base);
  asleep.await();

  writable.add();

  asleep.await(2);
  EXPECT_EQ(asleep.notified(), 1);
  base.loopbreak();
}

TEST(WokenByChanges, OnceForEachChange) {
  sleeps asleep;
  event_base base(std::make_unique<sleeping_eventop>(asleep, false));
  base.make_notifiable();
  const pair fds;
  event writable(base, fds.b(), what::write, [] {});
  event never = event::timer(base, [] {});
  never.add(24h);
  loop_thread loop(base);
  asleep.await();
  writable.add();
  asleep.await(2);

  never.del();
  never.add(25h);

  EXPECT_EQ(asleep.notified(), 1);
  base.loopbreak();
}

// What is posted

/// Tasks, in a loop of the test's own thread.
class Post : public OnFake {};

TEST_F(Post, IsCalledInOrder) {
  for (const char who : {'a', 'b', 'c'}) {
    base.post([this, who] { called(who); });
  }

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(trace, "a1 b1 c1 ");
  base.self_check();
}

TEST_F(Post, TakesWhatCanOnlyBeMoved) {
  base.post([this, owned = std::make_unique<char>('m')] { called(*owned); });
  base.dispatch();
  EXPECT_EQ(trace, "m1 ");
}

TEST_F(Post, TakesACopyOfWhatItIsNotGiven) {
  const auto held = std::make_shared<int>(0);
  const auto count = [held] { ++*held; };
  base.post(count);
  EXPECT_EQ(held.use_count(), 3);
  base.dispatch();
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_EQ(*held, 1);
}

TEST_F(Post, WhatATaskPostsRunsInTheNextTurn) {
  base.post([this] {
    called('a');
    base.post([this] { called('c'); });
  });
  base.post([this] { called('b'); });

  base.dispatch();

  EXPECT_EQ(trace, "a1 b1 c2 ");
}

TEST_F(Post, KeepsTheLoopRunningButIsNotWaitedFor) {
  base.post([this] { called('a'); });
  base.dispatch();
  EXPECT_EQ(kernel.waits, waits{at_once});
}

TEST_F(Post, TasksThatAreDueAreOneEventWithoutADescriptor) {
  std::vector<event_info> due;
  std::size_t active = 0;
  base.post([&] {
    base.for_each_event([&](const event_info& info) {
      due.push_back(info);
      return true;
    });
    active = base.num_events(event_count::active);
    EXPECT_EQ(due.at(0).ev, base.running_event());
  });
  base.post([] {});
  base.post([] {});

  base.dispatch();

  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].fd, -1);
  EXPECT_EQ(due[0].state, evlist::active | evlist::running);
  EXPECT_EQ(active, 1u);
}

TEST_F(Post, AnExceptionLeavesTheRestDue) {
  base.post([this] { called('a'); });
  base.post([] { throw std::runtime_error("from a task"); });
  base.post([this] { called('b'); });

  EXPECT_THROW(base.dispatch(), std::runtime_error);
  EXPECT_EQ(trace, "a1 ");
  base.self_check();
  base.post([this] { called('c'); });
  base.dispatch();

  EXPECT_EQ(trace, "a1 b2 c2 ");
  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

TEST_F(Post, AnExceptionOfTheLastLeavesNothing) {
  base.post([] { throw std::runtime_error("from a task"); });
  EXPECT_THROW(base.dispatch(), std::runtime_error);
  EXPECT_EQ(base.num_events(event_count::active), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_F(Post, LoopbreakLeavesTheRestDue) {
  base.post([this] {
    called('a');
    base.loopbreak();
  });
  base.post([this] { called('b'); });

  EXPECT_EQ(base.dispatch(), loop_result::stopped);
  EXPECT_EQ(trace, "a1 ");
  base.dispatch();
  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(Post, LoopcontinueLeavesTheRestForTheNextTurn) {
  base.post([this] {
    called('a');
    base.loopcontinue();
  });
  base.post([this] { called('b'); });
  base.dispatch();
  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(Post, IsOfTheMiddlePriority) {
  base.priority_init(3);
  std::array<std::unique_ptr<event>, 3> events;
  for (int i = 2; i >= 0; --i) {
    auto& ev = events[static_cast<std::size_t>(i)];
    ev = std::make_unique<event>(base, i, what::none, [this](int fd, what) {
      called(static_cast<char>('0' + fd));
    });
    ev->priority_set(i);
    ev->active(what::none);
  }
  base.post([this] { called('p'); });

  base.dispatch();

  EXPECT_EQ(trace, "01 12 p2 23 ");
}

TEST_F(Post, TheFunctionIsDestroyedWhenItHasBeenCalled) {
  auto held = std::make_shared<int>(0);
  long during = 0;
  base.post([held, &during] { during = held.use_count(); });
  base.post([this, &held] { called(held.use_count() == 1 ? 'y' : 'n'); });
  base.dispatch();
  EXPECT_EQ(during, 2);
  EXPECT_EQ(trace, "y1 ");
}

TEST_F(Post, WhatIsLeftIsDestroyedWithTheBaseAndNotCalled) {
  const auto held = std::make_shared<int>(0);
  auto own = std::make_unique<event_base>();
  const auto count = [held, &own] {
    ++*held;
    own->loopbreak();
  };
  own->post(count);
  own->post(count);
  own->dispatch();
  own->post(count);
  EXPECT_EQ(held.use_count(), 4);

  own.reset();

  EXPECT_EQ(held.use_count(), 2);
  EXPECT_EQ(*held, 1);
}

/// Says goodbye when it ends.
class session {
 public:
  explicit session(std::function<void()> goodbye)
      : goodbye_(std::move(goodbye)) {}
  ~session() { goodbye_(); }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

 private:
  std::function<void()> goodbye_;
};

/// A task that owns something whose end calls `goodbye`.
auto owner_of(std::function<void()> goodbye) {
  return [owned = std::make_unique<session>(std::move(goodbye))] {};
}

TEST_F(Post, WhatADestroyedTaskPostsIsDestroyedToo) {
  const auto held = std::make_shared<int>(0);
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event_base& dying = *own;
  dying.post(owner_of([&dying, held] {
    dying.post(owner_of([&dying, held] {
      EXPECT_EQ(dying.num_events(event_count::active), 0u);
      dying.post([held] { FAIL(); });
    }));
  }));

  own.reset();

  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Post, WhatAFinalizerPostsIsDestroyedToo) {
  const auto held = std::make_shared<int>(0);
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event ev = event::timer(*own, [] {});
  ev.finalize([in = own.get(), &held, this] {
    called('f');
    in->post([held] { FAIL(); });
  });

  own.reset();

  EXPECT_EQ(trace, "f0 ");
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Post, WhatADestroyedTaskFinalizesIsFinalized) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event_base& dying = *own;
  auto ev = std::make_unique<event>(dying, -1, what::none, [] {});
  event timer = event::timer(dying, [] {});
  dying.post(owner_of([&] {
    timer.add(std::chrono::hours(1));
    ev->finalize([&] {
      ev.reset();
      dying.post(owner_of([this] { called('g'); }));
    });
  }));

  own.reset();

  EXPECT_EQ(ev, nullptr);
  EXPECT_EQ(trace, "g0 ");
}

TEST_F(Post, MayBeCalledAfterAWaitHasFailed) {
  event usr1 = event::signal(base, SIGUSR1, [] {});
  usr1.add();
  kernel.broken = EIO;
  EXPECT_THROW(base.dispatch(), std::system_error);
  kernel.broken = 0;

  base.post([this] { called('p'); });
  usr1.del();
  base.dispatch();

  EXPECT_EQ(trace, "p2 ");
}

/// Tasks where other threads may use the base: several share a call, which must
/// not be noticed.
class PostTogether : public Post {
 protected:
  PostTogether() {
    manual_clock::zero();
    base.set_clock(manual_clock::read);
    base.make_notifiable();
  }

  /// Posts the tasks a to d; `who` does `then` when it has noted itself.
  template <class F>
  void post_four(char who, F then) {
    for (char name = 'a'; name <= 'd'; ++name) {
      base.post([this, name, who, then] {
        order += name;
        if (name == who) then();
      });
    }
  }

  /// For each of the four: `then` has the loop leave the rest due, once.
  template <class F>
  void the_rest_is_left_by(F then) {
    for (std::size_t i = 0; i < 4; ++i) {
      order.clear();
      post_four("abcd"[i], then);
      leave();
      EXPECT_EQ(order, std::string_view("abcd").substr(0, i + 1));
      EXPECT_EQ(base.num_events(event_count::active), i < 3 ? 1u : 0u);
      base.self_check();
      EXPECT_EQ(base.dispatch(), loop_result::no_events);
      EXPECT_EQ(order, "abcd");
    }
  }

  // By an exception, or as it should.
  void leave() {
    try {
      EXPECT_EQ(base.dispatch(), loop_result::stopped);
    } catch (const std::runtime_error& from_a_task) {
      EXPECT_STREQ(from_a_task.what(), "from a task");
    }
  }

  std::string order;  // the tasks and events called
  event other = event::timer(base, [this] { order += '!'; });
};

TEST_F(PostTogether, AreAllCalledInOneTurn) {
  post_four('b', [] {});
  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(base.num_events(event_count::active), 0u);
  EXPECT_EQ(turn(), 1u);
}

TEST_F(PostTogether, ABreakLeavesTheRestDue) {
  the_rest_is_left_by([this] { base.loopbreak(); });
}

TEST_F(PostTogether, ABreakByAnotherThreadLeavesTheRestDue) {
  the_rest_is_left_by(
      [this] { std::thread([this] { base.loopbreak(); }).join(); });
}

TEST_F(PostTogether, AnExceptionLeavesTheRestDue) {
  the_rest_is_left_by([] { throw std::runtime_error("from a task"); });
}

TEST_F(PostTogether, AfterARequestToContinueTheRestIsForTheNextTurn) {
  post_four('b', [this] { base.loopcontinue(); });
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(order, "ab");
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(order, "abcd");
}

TEST_F(PostTogether, ALoopThatIsAskedToExitCallsThemAll) {
  post_four('b', [this] { base.loopexit(); });
  EXPECT_EQ(base.dispatch(), loop_result::stopped);
  EXPECT_EQ(order, "abcd");
}

TEST_F(PostTogether, AMoreUrgentEventComesBeforeTheRest) {
  base.priority_init(3);
  other.priority_set(0);
  post_four('b', [this] { other.active(what::none); });
  base.dispatch();
  EXPECT_EQ(order, "ab!cd");
}

TEST_F(PostTogether, TheRestStaysBeforeWhatBecomesDueAfterIt) {
  post_four('b', [this] {
    other.active(what::none);
    base.loopbreak();
  });
  base.dispatch();
  base.dispatch();
  EXPECT_EQ(order, "abcd!");
}

TEST_F(PostTogether, EachHasATimeOfItsOwn) {
  std::vector<time_point> times;
  for (int i = 0; i < 4; ++i) {
    base.post([&] {
      times.push_back(base.now());
      manual_clock::advance(1s);
      EXPECT_EQ(base.now(), times.back());
    });
  }
  base.dispatch();
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(times[i] - times[i - 1], 1s);
}

TEST_F(DispatchLimits, CountEachTask) {
  for (const dispatch_limits& limits : {callbacks(2), {2ms, INT_MAX, 0}}) {
    limit(limits);
    base->make_notifiable();
    for (const char name : {'t', 'u', 'v'}) {
      base->post([this, name] {
        trace += name;
        manual_clock::advance(1ms);
      });
    }
    EXPECT_EQ(turn(), "tu");
    EXPECT_EQ(turn(), "v");
    events.clear();
  }
}

/// Tasks of other threads.
class PostThreads : public OnBackend {
 protected:
  PostThreads() { base.make_notifiable(); }
};
INSTANTIATE_TEST_SUITE_P(Backends, PostThreads, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(PostThreads, EachThreadsTasksKeepTheirOrder) {
  constexpr int each = 1000;
  std::array<int, 4> next{};
  std::atomic<int> left = 4 * each;
  event never = event::timer(base, [] {});
  never.add(24h);
  loop_thread loop(base);
  const auto post_all = [&](std::size_t who) {
    for (int i = 0; i < each; ++i) {
      base.post([&, who, i] {
        EXPECT_EQ(next[who]++, i);
        if (--left == 0) base.loopbreak();
      });
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t who = 0; who < 4; ++who) threads.emplace_back(post_all, who);
  for (std::thread& thread : threads) thread.join();

  loop.join();
  EXPECT_EQ(left, 0);
}

TEST_P(PostThreads, ATaskSeesWhatItsThreadHasDoneBefore) {
  int done = 0;
  int seen = 0;
  std::thread other([&] {
    done = 7;
    base.post([&] {
      seen = done;
      base.loopbreak();
    });
  });
  base.loop(loop_flags::no_exit_on_empty);
  other.join();
  EXPECT_EQ(seen, 7);
}

// When a task comes, the loop is awake, asleep or on its way: the delays are as
// long as its way is. With two threads a task also relies on the other's wake.
TEST_P(PostThreads, ATaskIsCalledWhereverTheLoopIs) {
  struct {
    std::minstd_rand random;
    int written = 0;
    std::atomic<int> seen = 0;
  } poster[2] = {{std::minstd_rand(1)}, {std::minstd_rand(2)}};
  const int count = rounds();
  const auto post_each = [&](auto& own) {
    for (int round = 1; round <= count; ++round) {
      for (auto left = own.random() % 3000; left > 0; --left) own.seen.load();
      own.written = round;
      base.post([&own] { own.seen.store(own.written); });
      const time_point end = clock::now() + 10s;
      while (own.seen.load() != round) {
        if (clock::now() > end) return;
        std::this_thread::yield();
      }
    }
  };
  loop_thread loop(base, loop_flags::no_exit_on_empty);
  std::thread other([&] { post_each(poster[1]); });
  post_each(poster[0]);
  other.join();
  base.loopbreak();
  loop.join();

  EXPECT_EQ(poster[0].seen, count);
  EXPECT_EQ(poster[1].seen, count);
}

TEST_P(PostThreads, ATaskRunsInTheLoopsThreadWithoutALock) {
  std::thread::id ran_in;
  base.post([&] {
    ran_in = std::this_thread::get_id();
    base.post([] {});
    std::thread([this] { base.num_events(event_count::active); }).join();
  });
  loop_thread loop(base);
  const std::thread::id loop_id = loop.id();
  loop.join();
  EXPECT_EQ(ran_in, loop_id);
}

// The base and several threads

class BaseThreads : signals_restored, public OnBackend {
 protected:
  BaseThreads() { base.make_notifiable(); }

  pair fds;
};
INSTANTIATE_TEST_SUITE_P(Backends, BaseThreads, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(BaseThreads, OnlyOneMayRunTheLoop) {
  std::promise<void> inside;
  std::promise<void> tried;
  base.post([&] {
    inside.set_value();
    tried.get_future().wait();
  });
  loop_thread loop(base);
  inside.get_future().wait();

  EXPECT_THROW(base.loop(), std::logic_error);
  EXPECT_THROW(base.loop(loop_flags::nonblock), std::logic_error);

  tried.set_value();
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(BaseThreads, AnotherThreadMayRunTheNextLoop) {
  std::vector<std::thread::id> ran_in;
  for (int round = 0; round < 2; ++round) {
    base.post([&] { ran_in.push_back(std::this_thread::get_id()); });
    if (round == 0) base.dispatch();
    if (round == 1) loop_thread(base).join();
  }
  ASSERT_EQ(ran_in.size(), 2u);
  EXPECT_EQ(ran_in[0], std::this_thread::get_id());
  EXPECT_NE(ran_in[1], std::this_thread::get_id());
}

TEST_P(BaseThreads, AnExceptionLeavesTheLockFree) {
  base.post([] { throw std::runtime_error("from a task"); });
  std::thread([this] {
    EXPECT_THROW(base.dispatch(), std::runtime_error);
  }).join();

  base.post([] {});
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_P(BaseThreads, AnyThreadMayLookAtTheBaseWhileItRuns) {
  event readable(base, fds.a(), what::read | what::persist, [] {});
  readable.add(1h);
  loop_thread loop(base);

  EXPECT_EQ(base.num_events(event_count::added), 1u);
  EXPECT_EQ(base.max_events(event_count::added), 1u);
  EXPECT_EQ(base.npriorities(), 1);
  EXPECT_FALSE(base.got_exit());
  EXPECT_FALSE(base.got_break());
  int seen = 0;
  EXPECT_TRUE(
      base.for_each_event([&seen](const event_info&) { return ++seen; }));
  EXPECT_EQ(seen, 1);
  base.self_check();

  base.loopbreak();
}

TEST_P(BaseThreads, AVisitorMayUseTheBase) {
  event readable(base, fds.a(), what::read, [] {});
  readable.add();
  base.for_each_event([&](const event_info&) {
    readable.del();
    return true;
  });
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

TEST_P(BaseThreads, SignalsReachALoopInAnyThread) {
  skip_unless_signals_are_counted(GetParam());
  if (IsSkipped()) return;
  int calls = 0;
  event usr1 = event::signal(base, SIGUSR1, [&] {
    if (++calls == 100) base.loopbreak();
  });
  usr1.add();
  loop_thread loop(base);

  raise(SIGUSR1, 100);

  EXPECT_EQ(loop.join(), loop_result::stopped);
  EXPECT_EQ(calls, 100);
}

TEST_P(BaseThreads, AChildCanBeWokenToo) {
  child_process child([this] {
    base.reinit();
    event never = event::timer(base, [] {});
    never.add(24h);
    loop_thread loop(base);
    base.post([this] { base.loopbreak(); });
    return loop.join() == loop_result::stopped ? "woken" : "ended";
  });

  EXPECT_EQ(child.says(), "woken");
  base.post([] {});
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST(BaseThreadsMade, ByAFlagOfTheConfiguration) {
  event_base base(event_config().set_flag(base_flag::threads));
  event never = event::timer(base, [] {});
  never.add(24h);
  loop_thread loop(base);
  base.loopbreak();
  EXPECT_EQ(loop.join(), loop_result::idle);
}

TEST_P(BaseThreads, AThousandLeaveNoDescriptorBehind) {
  const std::vector<int> before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    event_base own(make_backend(GetParam()));
    own.make_notifiable();
    std::thread([&own] { own.post([] {}); }).join();
    own.dispatch();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(BaseThreadsMade, OnlyOnce) {
  sleeps asleep;
  event_base base(std::make_unique<sleeping_eventop>(asleep));
  const std::vector<int> before = open_descriptors();
  base.make_notifiable();
  base.make_notifiable();
  EXPECT_EQ(open_descriptors(), before);
}

TEST(BaseThreadsTime, MayGetAnotherClockWhileAnotherThreadDumps) {
  event_base base;
  base.make_notifiable();
  event timer = event::timer(base, [] {});
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      timer.add(std::chrono::hours(24));
      timer.del();
      base.set_clock(&manual_clock::read);
    }
  });
  for (int i = 0; i < 1000; ++i) {
    std::ostringstream dump;
    base.dump_events(dump);
  }
  other.join();
}

TEST(BaseThreadsTime, WhatACallbackHasReadIsItsOwn) {
  manual_clock::zero();
  fake_kernel kernel;
  event_base base(std::make_unique<fake_eventop>(kernel));
  base.make_notifiable();
  base.set_clock(manual_clock::read);
  event timer = event::timer(base, [] {});
  const time_point begin = manual_clock::time;
  base.post([&] {
    EXPECT_EQ(base.now(), begin);
    manual_clock::advance(1s);
    std::thread([&] {
      EXPECT_EQ(base.now(), begin + 1s);
      timer.add(10s);
    }).join();
    EXPECT_EQ(timer.deadline(), begin + 11s);
    EXPECT_EQ(base.now(), begin);
    base.loopbreak();
  });

  EXPECT_EQ(base.dispatch(), loop_result::stopped);
}

// All calls at once

/// Threads that do anything to events of their own, while the loop runs. With
/// the same seed, each thread does the same again.
class AnyThreadDoesAnything : public OnBackend {
 protected:
  static constexpr unsigned seed = 20240229;
  static constexpr int steps = 2000;

  struct toy {
    toy(event_base& base, const pair& ends)
        : fds(ends),
          io(base, fds.a(), what::read | what::persist,
             [this] {
               fds.receive();
               ++calls;
             }),
          timer(base, -1, what::persist, [this] { ++calls; }) {}

    const pair& fds;
    std::atomic<int> calls = 0;
    event io;
    event timer;
  };

  AnyThreadDoesAnything() {
    base.make_notifiable();
    base.priority_init(3);
  }

  void play(unsigned who) {
    std::mt19937 random(seed + who);
    auto mine = std::make_unique<toy>(base, fds[who]);
    for (int step = 0; step < steps; ++step) {
      do_something(*mine, random() % 16);
      if (step % 100 == 99) mine = std::make_unique<toy>(base, fds[who]);
    }
  }

  void do_something(toy& t, unsigned choice) {
    switch (choice) {
      case 0:
        return t.io.add();
      case 1:
        return t.io.add(1us);
      case 2:
        return t.io.add(base.init_common_timeout(50us));
      case 3:
        return t.io.del();
      case 4:
        return t.io.del_noblock();
      case 5:
        return t.fds.send();
      case 6:
        return t.timer.add(10us);
      case 7:
        return t.timer.add(1h);
      case 8:
        return t.timer.remove_timer();
      case 9:
        return t.timer.del();
      case 10:
        return t.timer.active(what::timeout);
      case 11:
        return t.io.active_later(what::read);
      case 12:
        return base.post([this] { ++tasks; });
      case 13:
        return base.once(
            -1, what::none, [this] { ++tasks; }, 5us);
      case 14:
        return base.self_check();
      default:
        return (void)t.io.pending();
    }
  }

  std::array<pair, 4> fds;  // open for as long as the loop runs
  std::atomic<int> tasks = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, AnyThreadDoesAnything,
                         ::testing::ValuesIn(backends), backend_name);

TEST_P(AnyThreadDoesAnything, AndTheBaseStaysWhole) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  loop_thread loop(base, loop_flags::no_exit_on_empty);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] { play(i); });
  }
  for (std::thread& thread : threads) thread.join();
  std::promise<void> end;
  base.post([&end] { end.set_value(); });
  end.get_future().wait();
  base.loopexit();
  EXPECT_EQ(loop.join(), loop_result::stopped);

  base.self_check();
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_GT(tasks, 0);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

}  // namespace
}  // namespace evolve
