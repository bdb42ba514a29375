#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/interruptions.h"
#include "test/on_fake.h"
#include "test/pair.h"
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

}  // namespace
}  // namespace evolve
