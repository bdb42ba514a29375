#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "evolve/event.h"
#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/backends_with.h"
#include "test/on_fake.h"
#include "test/on_manual_clock.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/recorded_log.h"
#include "test/rounds.h"
#include "test/signals.h"
#include "test/sleeps.h"
#include "test/tcp_pair.h"
#include "test/thrown.h"

namespace evolve {
namespace {

// Queues link to its address.
static_assert(!std::is_copy_constructible_v<event>);
static_assert(!std::is_move_constructible_v<event>);
static_assert(!std::is_copy_assignable_v<event>);
static_assert(!std::is_move_assignable_v<event>);

/// Events on descriptors.
class Event : public OnBackend {
 protected:
  Event() { fds.send(); }

  pair fds;  // there is something to read from a, and nothing from b
  int calls = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, Event, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Event, TellsItsCallbackTheDescriptorAndWhatHappened) {
  int at = -1;
  what seen = what::none;
  event ev(base, fds.a(), what::read, [&at, &seen](int fd, what fired) {
    at = fd;
    seen = fired;
  });

  ev.add();
  base.dispatch();

  EXPECT_EQ(at, fds.a());
  EXPECT_EQ(seen, what::read);
}

TEST_P(Event, KnowsWhatItWasMadeFor) {
  const event ev(base, fds.a(), what::read | what::persist, [] {});

  EXPECT_EQ(ev.fd(), fds.a());
  EXPECT_EQ(ev.events(), what::read | what::persist);
}

TEST_P(Event, WaitsForNothingUntilItIsAdded) {
  event ev(base, fds.a(), what::read, [this] { ++calls; });

  EXPECT_EQ(ev.pending(), what::none);
  base.dispatch();

  EXPECT_EQ(calls, 0);
}

TEST_P(Event, PendingIsWhatItWaitsFor) {
  event both(base, fds.a(), what::read | what::write | what::persist, [] {});
  event reader(base, fds.b(), what::read, [] {});

  both.add();
  reader.add();
  EXPECT_EQ(both.pending(), what::read | what::write);
  EXPECT_EQ(reader.pending(), what::read);

  both.del();
  EXPECT_EQ(both.pending(), what::none);
  EXPECT_EQ(reader.pending(), what::read);
}

TEST_P(Event, IsDeletedBeforeItsCallbackIsCalled) {
  event ev(base, fds.a(), what::read, [&] {
    ++calls;
    EXPECT_EQ(ev.pending(), what::none);
  });

  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(Event, CanBeAddedAgainByItsCallback) {
  event ev(base, fds.a(), what::read, [&] {
    if (++calls < 3) ev.add();
  });

  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 3);
}

TEST_P(Event, StaysAddedWhenItIsPersistent) {
  event ev(base, fds.a(), what::read | what::persist, [&] {
    EXPECT_EQ(ev.pending(), what::read);
    if (++calls == 3) ev.del();
  });

  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 3);
}

TEST_P(Event, IsCalledAgainUntilNothingIsLeftToRead) {
  event ev(base, fds.a(), what::read | what::persist, [&] {
    if (++calls == 2) fds.receive();
  });
  event writer(base, fds.b(), what::write | what::persist, [&] {
    if (calls < 2) return;
    ev.del();
    writer.del();
  });

  ev.add();
  writer.add();
  base.dispatch();

  EXPECT_EQ(calls, 2);
}

TEST_P(Event, IsToldOfBothWhenBothHaveHappened) {
  what seen = what::none;
  event ev(base, fds.a(), what::read | what::write,
           [&seen](what fired) { seen = fired; });

  ev.add();
  base.dispatch();

  EXPECT_EQ(seen, what::read | what::write);
}

TEST_P(Event, IsCalledOnceWhenAddedTwice) {
  event ev(base, fds.a(), what::read, [this] { ++calls; });

  ev.add();
  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(Event, DelTakesItOff) {
  event ev(base, fds.a(), what::read, [this] { ++calls; });
  ev.add();

  ev.del();
  base.dispatch();

  EXPECT_EQ(calls, 0);
}

TEST_P(Event, DelOfAnEventThatIsNotAddedDoesNothing) {
  event ev(base, fds.a(), what::read, [this] { ++calls; });

  ev.del();
  ev.add();
  ev.del();
  ev.del();
  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(Event, WithNothingToWaitForIsRefused) {
  for (const what nothing : {what::none, what::persist}) {
    event ev(base, fds.a(), nothing, [] {});
    EXPECT_THROW(ev.add(), std::invalid_argument);
    EXPECT_EQ(ev.pending(), what::none);
  }
}

TEST_P(Event, OnABadDescriptorIsRefused) {
  const int closed = closed_fd();

  for (const int fd : {closed, -1, INT_MAX}) {
    event ev(base, fd, what::read, [this] { ++calls; });
    const auto add = [&ev] { ev.add(); };
    EXPECT_EQ(error_of(add), std::errc::bad_file_descriptor);
    EXPECT_NE(message_of(add).find(std::to_string(fd)), std::string::npos);
    EXPECT_EQ(ev.pending(), what::none);
  }
  base.dispatch();

  EXPECT_EQ(calls, 0);
}

#ifdef O_PATH
TEST_P(Event, OnADescriptorThatOnlyNamesAPlaceIsRefused) {
  const int fd = ::open("/", O_PATH | O_CLOEXEC);
  ASSERT_NE(fd, -1);
  event ev(base, fd, what::read, [] {});

  EXPECT_EQ(error_of([&ev] { ev.add(); }), std::errc::bad_file_descriptor);

  EXPECT_EQ(ev.pending(), what::none);
  ::close(fd);
}
#endif

TEST_P(Event, HearsOfAHangupAsWhatItWaitsFor) {
  what seen = what::none;
  event ev(base, fds.b(), what::read, [&seen](what fired) { seen = fired; });

  ev.add();
  fds.close_a();
  base.dispatch();

  EXPECT_EQ(seen, what::read);
}

TEST_P(Event, HearsOfAnErrorAsWhatItWaitsFor) {
  std::array<pipe_ends, 2> pipes;
  what as_reader = what::none;
  what as_writer = what::none;
  event reader(base, pipes[0].writer(), what::read,
               [&](what fired) { as_reader = fired; });
  event writer(base, pipes[1].writer(), what::write,
               [&](what fired) { as_writer = fired; });
  event closes(base, fds.a(), what::read, [&pipes] {
    for (pipe_ends& each : pipes) each.close_reader();
  });
  fill(pipes[1].writer());
  reader.add();
  writer.add();
  closes.add();

  fds.send();
  base.dispatch();

  EXPECT_EQ(as_reader, what::read);
  EXPECT_EQ(as_writer, what::write);
}

TEST_P(Event, IsDeletedByItsDestructor) {
  {
    event shortlived(base, fds.a(), what::read, [this] { ++calls; });
    shortlived.add();
  }
  base.dispatch();

  EXPECT_EQ(calls, 0);
}

TEST_P(Event, CanBeDeletedByItsOwnCallback) {
  event ev(base, fds.a(), what::read | what::persist, [&] {
    ++calls;
    ev.del();
  });

  ev.add();
  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(Event, CanBeDestroyedByItsOwnCallback) {
  for (const what kind : {what::read, what::read | what::persist}) {
    std::unique_ptr<event> ev;
    ev = std::make_unique<event>(base, fds.a(), kind, [this, &ev] {
      ev.reset();
      ++calls;  // what the callback has captured outlives the event
    });
    ev->add();
    base.dispatch();
  }

  EXPECT_EQ(calls, 2);
}

/// Ten events that are due in the same turn.
class DueEvents : public OnBackend {
 protected:
  DueEvents() {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto call = [this, i] { called(i); };
      all[i] = std::make_unique<event>(base, fds[i].a(), what::read, call);
      all[i]->add();
      fds[i].send();
    }
  }

  /// The callback of event `i`.
  void called(std::size_t i) {
    ++calls;
    for (std::size_t other = 0; other < all.size(); ++other) {
      if (other != i) then(all[other]);
    }
  }

  /// What the event called first does to all others.
  void (*then)(std::unique_ptr<event>& other) = nullptr;

  std::array<pair, 10> fds;
  std::array<std::unique_ptr<event>, 10> all;
  int calls = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, DueEvents, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(DueEvents, CanBeDeletedByAnother) {
  then = [](std::unique_ptr<event>& other) { other->del(); };

  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(DueEvents, CanBeDestroyedByAnother) {
  then = [](std::unique_ptr<event>& other) { other.reset(); };

  base.dispatch();

  EXPECT_EQ(calls, 1);
}

/// Events on the backends that are told when a descriptor was closed.
class EventOfSets : public Event {};
INSTANTIATE_TEST_SUITE_P(Backends, EventOfSets,
                         ::testing::Values("poll", "select"), backend_name);

TEST_P(EventOfSets, OnADescriptorThatIsClosedIsCalledOnceAndTakenOff) {
  pair other;
  int others = 0;
  event bad(base, other.a(), what::read | what::persist, [this](what fired) {
    EXPECT_EQ(fired, what::unwatched);
    ++calls;
  });
  event good(base, fds.a(), what::read | what::persist, [&] {
    if (++others == 3) good.del();
  });
  bad.add();
  good.add();

  other.close_a();
  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(bad.pending(), what::none);
  EXPECT_EQ(others, 3);
}

/// Events, and what the kernel hears of them.
class EventOnFake : public OnFake {
 protected:
  using lines = std::vector<std::string>;

  const std::string a = std::to_string(fds.a());
};

TEST_F(EventOnFake, TellsTheKernelOnceHoweverOftenItIsAdded) {
  event ev(base, fds.a(), what::read | what::persist, [] {});

  ev.add();
  ev.add();
  EXPECT_EQ(kernel.calls, lines{"add " + a + " none->read"});

  ev.del();
  ev.del();
  EXPECT_EQ(kernel.calls, (lines{"add " + a + " none->read",  //
                                 "del " + a + " read->none"}));
}

TEST_F(EventOnFake, TellsTheKernelThatItIsDoneBeforeItsCallbackIsCalled) {
  std::size_t told = 0;
  event once(base, fds.a(), what::read | what::write,
             [&] { told = kernel.calls.size(); });

  once.add();
  finds(fds.a(), what::read);
  base.dispatch();

  EXPECT_EQ(told, 2u);
  EXPECT_EQ(kernel.calls.at(1), "del " + a + " read|write->none");
}

TEST_F(EventOnFake, TellsTheKernelNothingWhileItPersists) {
  std::size_t told = 0;
  event ev(base, fds.a(), what::read | what::persist, [&] {
    told = kernel.calls.size();
    if (turn() < 3) return finds(fds.a(), what::read);
    ev.del();
  });

  ev.add();
  finds(fds.a(), what::read);
  base.dispatch();

  EXPECT_EQ(told, 1u);
  EXPECT_EQ(turn(), 3u);
}

TEST_F(EventOnFake, IsAsItWasWhenTheKernelRefusesIt) {
  event ev(base, fds.a(), what::read, [this] { called('a'); });

  kernel.refuse = ENOSPC;
  EXPECT_EQ(error_of([&ev] { ev.add(); }), std::errc::no_space_on_device);
  EXPECT_EQ(ev.pending(), what::none);
  base.dispatch();
  EXPECT_EQ(turn(), 0u);

  kernel.refuse = 0;
  ev.add();
  finds(fds.a(), what::read);
  base.dispatch();
  EXPECT_EQ(trace, "a1 ");
}

TEST_F(EventOnFake, OnADescriptorThatWentBadIsToldThatItIsNotWatched) {
  what seen = what::none;
  event ev(base, fds.a(), what::write | what::persist, [&](what fired) {
    seen = fired;
    called('a');
  });

  ev.add();
  finds(fds.a(), what::unwatched, EBADF);
  base.dispatch();

  EXPECT_EQ(seen, what::unwatched);
  EXPECT_EQ(trace, "a1 ");
}

TEST_F(EventOnFake, ThatIsNotWatchedIsToldNothingElse) {
  pair other;
  bool throws = true;
  what seen = what::none;
  event thrower(base, other.a(), what::read | what::persist, [&] {
    if (std::exchange(throws, false)) throw std::bad_exception();
  });
  event ev(base, fds.a(), what::read | what::persist,
           [&](what fired) { seen = fired; });
  thrower.add();
  ev.add();
  finds(other.a(), what::read);
  finds(fds.a(), what::read);
  EXPECT_THROW(base.dispatch(), std::bad_exception);  // `ev` is due for read

  thrower.del();
  finds(fds.a(), what::unwatched, EBADF);
  base.dispatch();

  EXPECT_EQ(seen, what::unwatched);
}

TEST_F(EventOnFake, ThatIsAddedAgainIsNotToldThatItIsNotWatched) {
  pair other;
  event ev(base, fds.a(), what::read, [&](what fired) {
    EXPECT_EQ(fired, what::read);
    called('a');
  });
  event first(base, other.a(), what::read, [&] {
    ev.add();
    finds(fds.a(), what::read);
  });
  first.add();
  ev.add();
  finds(other.a(), what::read);
  finds(fds.a(), what::unwatched, EBADF);

  base.dispatch();

  EXPECT_EQ(trace, "a2 ");
}

TEST_F(EventOnFake, CannotWaitForNotBeingWatched) {
  EXPECT_THROW(event(base, fds.a(), what::unwatched, [] {}),
               std::invalid_argument);
  EXPECT_THROW(event(base, fds.a(), what::read | what::unwatched, [] {}),
               std::invalid_argument);
}

TEST_F(EventOnFake, OnADescriptorThatWentBadCanBeAddedAgain) {
  event ev(base, fds.a(), what::read | what::persist, [this] { called('a'); });
  ev.add();
  finds(fds.a(), what::unwatched, EBADF);
  base.dispatch();

  ev.add();
  EXPECT_EQ(ev.pending(), what::read);
  finds(fds.a(), what::unwatched, EBADF);
  base.dispatch();

  EXPECT_EQ(trace, "a1 a2 ");
}

class EventState : public OnFake {};

TEST_F(EventState, IsPendingWhileItIsAddedOrDue) {
  event ev(base, fds.a(), what::read | what::persist, [] {});
  EXPECT_EQ(ev.pending(), what::none);

  ev.add();
  EXPECT_EQ(ev.pending(), what::read);
  ev.active(what::write);
  EXPECT_EQ(ev.pending(), what::read | what::write);
  EXPECT_EQ(ev.pending(what::write), what::write);

  ev.del();
  EXPECT_EQ(ev.pending(), what::none);
}

TEST_F(EventState, KnowsItsBase) {
  const event ev(base, fds.a(), what::read, [] {});

  EXPECT_EQ(&ev.base(), &base);
}

TEST_F(EventState, ARefusedAddLeavesItDue) {
  event ev(base, fds.a(), what::read, [] {});
  ev.active(what::write);

  kernel.refuse = EPERM;
  EXPECT_EQ(error_of([&] { ev.add(); }), std::errc::operation_not_permitted);

  EXPECT_EQ(ev.pending(), what::write);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

TEST_F(EventState, WithNothingToWaitForItIsRefusedAlsoWhileDue) {
  event ev(base, -1, what::none, [] {});

  ev.active(what::read);
  EXPECT_THROW(ev.add(), std::invalid_argument);

  EXPECT_EQ(ev.pending(), what::read);
}

class EventActive : public OnFake {};

TEST_F(EventActive, CallsAnEventThatIsNotAdded) {
  std::vector<std::pair<int, what>> calls;
  event ev(base, -1, what::none,
           [&](int fd, what fired) { calls.emplace_back(fd, fired); });

  ev.active(what::write);
  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(calls, (std::vector<std::pair<int, what>>{{-1, what::write}}));
}

TEST_F(EventActive, JoinsWhatTheEventIsDueForAlready) {
  std::vector<what> calls;
  event ev(base, fds.a(), what::read,
           [&](what fired) { calls.push_back(fired); });
  ev.add();
  finds(fds.a(), what::read);

  ev.active(what::none);
  ev.active(what::write);
  base.loop();

  EXPECT_EQ(calls, std::vector<what>{what::read | what::write});
}

TEST_F(EventActive, CannotSayThatAnEventIsNotWatched) {
  event ev(base, fds.a(), what::read, [] {});

  EXPECT_THROW(ev.active(what::unwatched), std::invalid_argument);
  EXPECT_THROW(ev.active(what::read | what::unwatched), std::invalid_argument);

  EXPECT_EQ(ev.pending(), what::none);
}

TEST_F(EventActive, JoinsAnEventThatIsDueInTheSameTurn) {
  what seen = what::none;
  event second(base, -1, what::none, [&](what fired) {
    called('b');
    seen = fired;
  });
  event first(base, -1, what::none, [&] { second.active(what::write); });
  first.active(what::read);
  second.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "b1 ");
  EXPECT_EQ(seen, what::read | what::write);
}

TEST_F(EventActive, LetsTheLoopLookButNotWait) {
  event ev(base, -1, what::none, [] {});

  ev.active(what::read);
  base.loop();

  EXPECT_EQ(kernel.waits, waits{at_once});
}

TEST_F(EventActive, InACallbackMeansTheNextTurn) {
  event second(base, -1, what::none, [this] { called('b'); });
  event first(base, -1, what::none, [&] {
    called('a');
    second.active(what::read);
  });

  first.active(what::read);
  base.loop();

  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(EventActive, AnEventThatActivatesItselfLetsTheLoopLookForMore) {
  event other(base, fds.a(), what::read, [this] {
    called('b');
    base.loopbreak();
  });
  event itself(base, -1, what::none, [&] {
    called('a');
    itself.active(what::read);
    if (turn() == 2) finds(fds.a(), what::read);
  });
  other.add();

  itself.active(what::read);
  base.loop();

  EXPECT_EQ(trace, "a1 a2 a3 b3 ");
}

TEST_F(EventActive, ItsCallIsTakenBackByDel) {
  event ev(base, -1, what::none, [this] { called('a'); });
  ev.active(what::read);

  ev.del();

  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "");
}

TEST_F(EventActive, AfterDelInACallbackMeansTheNextTurnAgain) {
  event second(base, -1, what::none, [this] { called('b'); });
  event first(base, -1, what::none, [&] {
    called('a');
    second.del();
    second.active(what::read);
  });
  first.active(what::read);
  second.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "a1 b2 ");
}

TEST_F(EventActive, ItsCallIsTakenBackByDelInACallbackOfTheSameTurn) {
  event second(base, -1, what::none, [this] { called('b'); });
  event first(base, -1, what::none, [&] {
    called('a');
    second.del();
  });
  first.active(what::read);
  second.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "a1 ");
}

TEST_F(EventActive, ADueEventCanBeAdded) {
  event ev(base, fds.a(), what::read | what::persist, [this] { called('a'); });
  ev.active(what::none);

  ev.add();
  EXPECT_EQ(kernel.calls.size(), 1u);
  base.loop(loop_flags::nonblock);
  finds(fds.a(), what::read);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(trace, "a1 a2 ");
}

TEST_F(EventActive, TheCallOfAnAddedEventDeletesItUnlessPersistent) {
  event once(base, fds.a(), what::read, [] {});
  event often(base, fds.b(), what::read | what::persist, [] {});
  once.add();
  often.add();

  once.active(what::none);
  often.active(what::none);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(once.pending(), what::none);
  EXPECT_EQ(often.pending(), what::read);
}

class EventPriority : public OnFake {};

TEST_F(EventPriority, IsTheMiddleOneOfItsBase) {
  const auto middle_of = [this](int count) {
    base.priority_init(count);
    return event(base, -1, what::none, [] {}).priority();
  };

  EXPECT_EQ(middle_of(1), 0);
  EXPECT_EQ(middle_of(2), 1);
  EXPECT_EQ(middle_of(3), 1);
  EXPECT_EQ(middle_of(256), 128);
}

TEST_F(EventPriority, StaysWhatItWasWhenTheBaseGetsMore) {
  event ev(base, -1, what::none, [] {});

  base.priority_init(9);

  EXPECT_EQ(ev.priority(), 0);
}

TEST_F(EventPriority, IsOneOfThoseThatTheBaseHas) {
  base.priority_init(256);
  event ev(base, -1, what::none, [] {});

  EXPECT_THROW(ev.priority_set(-1), std::invalid_argument);
  EXPECT_THROW(ev.priority_set(256), std::invalid_argument);
  EXPECT_EQ(ev.priority(), 128);

  ev.priority_set(255);
  EXPECT_EQ(ev.priority(), 255);
  ev.priority_set(0);
  EXPECT_EQ(ev.priority(), 0);
}

TEST_F(EventPriority, CannotBeSetWhileTheEventIsDue) {
  base.priority_init(3);
  event ev(base, -1, what::none, [] {});
  ev.active(what::read);
  EXPECT_THROW(ev.priority_set(0), std::logic_error);
  EXPECT_EQ(ev.priority(), 1);

  ev.del();
  EXPECT_NO_THROW(ev.priority_set(0));
}

TEST_F(EventPriority, CanBeSetWhileTheEventIsAdded) {
  base.priority_init(2);
  event a(base, fds.a(), what::read, [this] { called('a'); });
  event b(base, fds.b(), what::read, [this] { called('b'); });
  a.add();
  b.add();

  b.priority_set(0);
  finds(fds.a(), what::read);
  finds(fds.b(), what::read);
  base.loop();

  EXPECT_EQ(trace, "b1 a2 ");
}

TEST_F(EventPriority, CanBeSetByItsOwnCallback) {
  base.priority_init(3);
  event ev(base, -1, what::none, [&] { ev.priority_set(2); });

  ev.active(what::read);
  base.loop();

  EXPECT_EQ(ev.priority(), 2);
}

TEST_F(EventPriority, ThatTheBaseNoLongerHasIsRefusedByAddAndActive) {
  base.priority_init(3);
  event ev(base, fds.a(), what::read, [this] { called('a'); });
  ev.priority_set(2);
  base.priority_init(2);

  EXPECT_THROW(ev.add(), std::logic_error);
  EXPECT_THROW(ev.active(what::read), std::logic_error);
  EXPECT_EQ(ev.pending(), what::none);

  ev.priority_set(1);
  ev.active(what::read);
  base.loop();
  EXPECT_EQ(trace, "a1 ");
}

TEST_F(EventPriority, AMoreUrgentOneThatIsActivatedEndsTheTurn) {
  base.priority_init(2);
  event urgent(base, -1, what::none, [this] { called('u'); });
  urgent.priority_set(0);
  event a(base, -1, what::none, [&] {
    called('a');
    urgent.active(what::read);
    trace += "still a ";
  });
  event b(base, -1, what::none, [this] { called('b'); });
  a.active(what::read);
  b.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "a1 still a u2 b3 ");
}

TEST_F(EventPriority, ALessUrgentOneThatIsActivatedDoesNotEndTheTurn) {
  base.priority_init(3);
  event lazy(base, -1, what::none, [this] { called('l'); });
  lazy.priority_set(2);
  event equal(base, -1, what::none, [this] { called('e'); });
  event a(base, -1, what::none, [&] {
    called('a');
    lazy.active(what::read);
    equal.active(what::read);
  });
  event b(base, -1, what::none, [this] { called('b'); });
  a.active(what::read);
  b.active(what::read);

  base.loop();

  EXPECT_EQ(trace, "a1 b1 e2 l3 ");
}

class EventLife : public OnBackend {};
INSTANTIATE_TEST_SUITE_P(Backends, EventLife, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(EventLife, MayEndWhileTheEventIsDue) {
  int calls = 0;
  {
    event ev(base, -1, what::none, [&] { ++calls; });
    ev.active(what::read);
  }

  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(calls, 0);
}

TEST_P(EventLife, MayEndInTheEventsOwnCallbackWhileItIsDueAgain) {
  int calls = 0;
  std::unique_ptr<event> ev;
  ev = std::make_unique<event>(base, -1, what::none, [&] {
    ++calls;
    ev->active(what::read);
    ev.reset();
  });
  ev->active(what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(calls, 1);
}

TEST_P(EventLife, MayEndInACallbackOfAnotherEventOnItsDescriptor) {
  const pair fds;
  fds.send();
  std::string trace;
  std::optional<event> second;
  event first(base, fds.a(), what::read, [&] {
    trace += 'a';
    second.reset();
  });
  second.emplace(base, fds.a(), what::read, [&] { trace += 'b'; });
  event third(base, fds.a(), what::read, [&] { trace += 'c'; });
  for (event* ev : {&first, &*second, &third}) ev->add();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "ac");
}

TEST_P(EventLife, MayBeginAnewAtTheSamePlaceInTheEventsOwnCallback) {
  const pair fds;
  std::optional<event> ev;
  what seen = what::none;
  const auto renew = [&] {
    ev.emplace(base, fds.a(), what::read, [&](what fired) { seen = fired; });
    ev->add();
  };
  ev.emplace(base, -1, what::none, [&] { renew(); });
  ev->active(what::none);
  fds.send();

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(seen, what::read);
}

/// Timeouts, with or without a descriptor.
class Timers : public OnManualClock {};

TEST_F(Timers, ACallComesWhenTheTimeHasPassedAndNotBefore) {
  event a = event::timer(base, noted("a"));
  a.add(10ms);

  turn_after(10ms - 1ns);
  EXPECT_EQ(notes, lines{});

  turn_after(1ns);
  EXPECT_EQ(notes, lines{"a timeout 10ms"});
}

TEST_F(Timers, ATimerIsCalledOnce) {
  event a = event::timer(base, noted("a"));
  a.add(10ms);

  turn_after(10ms);
  turn_after(10ms);

  EXPECT_EQ(notes.size(), 1u);
  EXPECT_EQ(a.pending(), what::none);
}

TEST_F(Timers, ATimerHasNoDescriptorAndNothingElseToWaitFor) {
  const event once = event::timer(base, noted("once"));
  const event again = event::timer(base, noted("again"), what::persist);

  EXPECT_EQ(once.fd(), -1);
  EXPECT_EQ(once.events(), what::none);
  EXPECT_EQ(again.events(), what::persist);
}

TEST_F(Timers, AnyEventMayHaveATimeout) {
  event a(base, fds.a(), what::read, noted("a"));
  a.add(10ms);

  turn_after(10ms);
  readable();
  turn_after(1ms);

  EXPECT_EQ(notes, lines{"a timeout 10ms"});
  EXPECT_EQ(a.pending(), what::none);
}

TEST_F(Timers, WhatComesBeforeTheTimeoutEndsIt) {
  event a(base, fds.a(), what::read, noted("a"));
  a.add(10ms);

  readable();
  turn_after(4ms);
  turn_after(6ms);

  EXPECT_EQ(notes, lines{"a read 4ms"});
  EXPECT_EQ(a.deadline(), std::nullopt);
}

TEST_F(Timers, WhatComesWithTheTimeoutIsReportedWithIt) {
  event a(base, fds.a(), what::read, noted("a"));
  a.add(10ms);

  readable();
  turn_after(10ms);

  EXPECT_EQ(notes, lines{"a timeout|read 10ms"});
}

TEST_F(Timers, ATimeoutJoinsWhatTheEventIsDueForSinceAnEarlierTurn) {
  base.priority_init(2);
  event urgent = event::timer(base, [] { manual_clock::advance(10ms); });
  event a(base, fds.a(), what::read, noted("a"));
  urgent.priority_set(0);
  a.priority_set(1);
  a.add(10ms);

  urgent.active(what::none);
  readable();
  base.loop(loop_flags::once);

  EXPECT_EQ(turn(), 2u);
  EXPECT_EQ(notes, lines{"a timeout|read 10ms"});
}

TEST_F(Timers, AddingWithoutATimeoutKeepsTheOneThereIs) {
  event timer = event::timer(base, noted("timer"));
  event reader(base, fds.a(), what::read, noted("reader"));
  for (event* ev : {&timer, &reader}) {
    ev->add(10ms);
    manual_clock::advance(2ms);
    ev->add();
  }

  EXPECT_EQ(timer.deadline(), at(10ms));
  EXPECT_EQ(reader.deadline(), at(12ms));
}

TEST_F(Timers, AddingWithATimeoutReplacesTheOneThereIs) {
  event sooner = event::timer(base, noted("sooner"));
  event later = event::timer(base, noted("later"));
  sooner.add(10ms);
  later.add(10ms);

  sooner.add(5ms);
  later.add(20ms);
  base.dispatch();

  EXPECT_EQ(notes, (lines{"sooner timeout 5ms", "later timeout 20ms"}));
}

TEST_F(Timers, AddingWithATimeoutTakesBackOneThatIsDue) {
  event b = event::timer(base, noted("b"));
  event a = event::timer(base, [&] { b.add(5ms); });
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);
  EXPECT_EQ(notes, lines{});
  EXPECT_EQ(b.pending(), what::timeout);

  turn_after(5ms);
  EXPECT_EQ(notes, lines{"b timeout 15ms"});
}

TEST_F(Timers, AddingWithATimeoutTakesBackNothingElseThatIsDue) {
  event b(base, fds.a(), what::read, noted("b"));
  event a = event::timer(base, [&] { b.add(5ms); });
  a.active(what::timeout);
  b.add(10ms);

  readable();
  turn_after(10ms);

  EXPECT_EQ(notes, lines{"b read 10ms"});
  EXPECT_EQ(b.deadline(), std::nullopt);
}

TEST_F(Timers, AddingWithoutATimeoutTakesNothingBack) {
  event b(base, fds.a(), what::read, noted("b"));
  event a = event::timer(base, [&] { b.add(); });
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(notes, lines{"b timeout 10ms"});
}

TEST_F(Timers, ATimerCannotBeAddedWithoutATimeout) {
  event a = event::timer(base, noted("a"));

  EXPECT_THROW(a.add(), std::invalid_argument);
  EXPECT_EQ(a.pending(), what::none);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
}

TEST_F(Timers, AnAddThatFailsChangesNothing) {
  event fresh(base, fds.a(), what::read, noted("fresh"));
  kernel.refuse = EPERM;
  EXPECT_THROW(fresh.add(10ms), std::system_error);
  EXPECT_EQ(fresh.pending(), what::none);

  event added = event::timer(base, noted("added"));
  added.add(10ms);
  added.priority_set(0);
  event_base other;
  EXPECT_THROW(added.add(other.init_common_timeout(1ms)),
               std::invalid_argument);
  EXPECT_EQ(added.deadline(), at(10ms));

  base.self_check();
  EXPECT_EQ(base.num_events(event_count::added), 1u);
}

TEST_F(Timers, DeadlineTellsWhenTheTimeoutPasses) {
  event a(base, fds.a(), what::read, noted("a"));
  EXPECT_EQ(a.deadline(), std::nullopt);

  a.add();
  EXPECT_EQ(a.deadline(), std::nullopt);

  manual_clock::advance(3ms);
  a.add(10ms);
  EXPECT_EQ(a.deadline(), at(13ms));

  a.del();
  EXPECT_EQ(a.deadline(), std::nullopt);
}

TEST_F(Timers, PendingTellsOfTheTimeout) {
  event a(base, fds.a(), what::read, noted("a"));
  a.add();
  EXPECT_EQ(a.pending(), what::read);

  a.add(10ms);
  EXPECT_EQ(a.pending(), what::read | what::timeout);
  EXPECT_EQ(a.pending(what::timeout), what::timeout);
  EXPECT_EQ(a.pending(what::write), what::none);
}

TEST_F(Timers, PendingTellsOfATimeoutThatIsDue) {
  what seen = what::none;
  event b = event::timer(base, noted("b"));
  event a = event::timer(base, [&] { seen = b.pending(); });
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(seen, what::timeout);
}

TEST_F(Timers, RemoveTimerKeepsTheRest) {
  event a(base, fds.a(), what::read, noted("a"));
  a.add(10ms);

  a.remove_timer();
  EXPECT_EQ(a.pending(), what::read);
  turn_after(20ms);
  EXPECT_EQ(notes, lines{});

  readable();
  turn_after(1ms);
  EXPECT_EQ(notes, lines{"a read 21ms"});
}

TEST_F(Timers, RemoveTimerLeavesNothingOfATimer) {
  event a = event::timer(base, noted("a"));
  a.add(10ms);

  a.remove_timer();

  EXPECT_EQ(a.pending(), what::none);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(elapsed(), 0ms);
}

TEST_F(Timers, RemoveTimerDoesNothingWhereThereIsNone) {
  event idle = event::timer(base, noted("idle"));
  event reader(base, fds.a(), what::read, noted("reader"));
  reader.add();

  idle.remove_timer();
  reader.remove_timer();

  EXPECT_EQ(idle.pending(), what::none);
  EXPECT_EQ(reader.pending(), what::read);
  base.self_check();
}

TEST_F(Timers, RemoveTimerTakesBackATimeoutThatIsDue) {
  event b = event::timer(base, noted("b"));
  event c(base, fds.a(), what::read | what::persist, noted("c"));
  event a = event::timer(base, [&] {
    b.remove_timer();
    c.remove_timer();
  });
  for (event* ev : {&a, &b, &c}) ev->add(10ms);

  turn_after(10ms);

  EXPECT_EQ(notes, lines{});
  EXPECT_EQ(b.pending(), what::none);
  EXPECT_EQ(c.pending(), what::read);
  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

TEST_F(Timers, RemoveTimerTakesBackNothingElseThatIsDue) {
  event b(base, fds.a(), what::read, noted("b"));
  event a = event::timer(base, [&] { b.remove_timer(); });
  a.active(what::timeout);
  b.add(10ms);

  readable();
  turn_after(10ms);

  EXPECT_EQ(notes, lines{"b read 10ms"});
}

TEST_F(Timers, DelForgetsTheTimeoutToo) {
  event a(base, fds.a(), what::read | what::persist, noted("a"));
  a.add(10ms);
  a.del();
  a.add();

  turn_after(20ms);

  EXPECT_EQ(notes, lines{});
  EXPECT_EQ(a.pending(), what::read);
}

TEST_F(Timers, ZeroOrLessIsDueInTheNextTurn) {
  for (const duration length : {0ns, -1ns, duration::min()}) {
    int calls = 0;
    event a = event::timer(base, [&calls] { ++calls; });
    a.add(length);
    EXPECT_EQ(a.deadline(), manual_clock::time);

    turn_after(0ms);

    EXPECT_EQ(calls, 1) << length.count();
  }
}

TEST_F(Timers, ZeroInACallbackIsForTheNextTurn) {
  event a = event::timer(base, [&](what fired) {
    note("a", fired);
    a.add(0ms);
  });
  a.add(0ms);

  turn_after(0ms);
  EXPECT_EQ(notes.size(), 1u);

  turn_after(0ms);
  EXPECT_EQ(notes.size(), 2u);
}

TEST_F(Timers, TooLongIsForEver) {
  event a = event::timer(base, noted("a"));
  event b = event::timer(base, noted("b"));
  a.add(duration::max());
  b.add(1h);

  base.loop(loop_flags::once);

  EXPECT_EQ(notes, lines{"b timeout 3600000ms"});
  EXPECT_EQ(a.deadline(), time_point::max());
  EXPECT_EQ(a.pending(), what::timeout);
}

TEST_F(Timers, ForEverCanBeWaitedFor) {
  event a = event::timer(base, noted("a"));
  event reader(base, fds.a(), what::read, noted("reader"));
  a.add(duration::max());
  reader.add(duration::max() - 1ns);

  readable();
  base.loop(loop_flags::once);

  EXPECT_EQ(kernel.waits, waits{time_point::max() - at(0ms)});
  EXPECT_EQ(notes, lines{"reader read 0ms"});
}

TEST_F(Timers, ATimerMayDeleteAnotherThatIsDue) {
  event b = event::timer(base, noted("b"));
  event a = event::timer(base, [&] { b.del(); });
  a.add(10ms);
  b.add(10ms);

  turn_after(10ms);

  EXPECT_EQ(notes, lines{});
  EXPECT_EQ(base.num_events(event_count::active), 0u);
}

TEST_F(Timers, ATimerMayDestroyAnotherThatIsDue) {
  std::optional<event> b;
  b.emplace(base, -1, what::none, noted("b"));
  event a = event::timer(base, [&] { b.reset(); });
  a.add(10ms);
  b->add(10ms);

  turn_after(10ms);

  EXPECT_EQ(notes, lines{});
}

TEST_F(Timers, ATimerMayDestroyItself) {
  for (const what events : {what::none, what::persist}) {
    std::optional<event> a;
    a.emplace(base, -1, events, [&] { a.reset(); });
    a->add(10ms);

    turn_after(10ms);

    EXPECT_FALSE(a.has_value());
    EXPECT_EQ(base.num_events(event_count::added), 0u);
  }
}

TEST_F(Timers, ATimerMayBeDestroyedBeforeItsTime) {
  event b = event::timer(base, noted("b"));
  {
    event a = event::timer(base, noted("a"));
    a.add(10ms);
    b.add(20ms);
  }

  base.dispatch();

  EXPECT_EQ(notes, lines{"b timeout 20ms"});
  EXPECT_EQ(kernel.waits, waits{20ms});
}

TEST_F(Timers, WhatACallbackAddsIsForTheNextTurn) {
  event b = event::timer(base, noted("b"));
  event a = event::timer(base, [&] {
    manual_clock::advance(20ms);
    b.add(0ms);
  });
  a.add(10ms);

  turn_after(10ms);
  EXPECT_EQ(notes, lines{});

  turn_after(0ms);
  EXPECT_EQ(notes, lines{"b timeout 30ms"});
}

TEST_F(Timers, ADescriptorThatGoesBadEndsTheTimeout) {
  const recorded_log log;
  event a(base, fds.a(), what::read | what::persist, noted("a"));
  a.add(10ms);

  finds(fds.a(), what::unwatched, EBADF);
  turn_after(4ms);
  turn_after(6ms);

  EXPECT_EQ(notes, lines{"a unwatched 4ms"});
  EXPECT_EQ(a.pending(), what::none);
}

TEST_F(Timers, WhatIsDueWhenTheLoopBreaksIsCalledByTheNextRun) {
  event a = event::timer(base, [&] { base.loopbreak(); });
  event b = event::timer(base, noted("b"));
  a.add(10ms);
  b.add(10ms);

  base.dispatch();
  EXPECT_EQ(notes, lines{});

  base.dispatch();
  EXPECT_EQ(notes, lines{"b timeout 10ms"});
}

TEST_F(Timers, AnEventOutlivesItsBaseToBeDestroyed) {
  std::optional<event_base> short_lived(std::in_place,
                                        supported_methods()[0].name);
  event timer = event::timer(*short_lived, noted("timer"), what::persist);
  event reader(*short_lived, fds.a(), what::read, noted("reader"));
  timer.add(10ms);
  reader.add(10ms);

  short_lived.reset();

  EXPECT_EQ(timer.pending(), what::none);
  EXPECT_EQ(reader.pending(), what::none);
}

/// When the timeout of a persistent event passes next.
class Rearming : public OnManualClock {
 protected:
  event timer = event::timer(base, noted("timer"), what::persist);
  event reader{base, fds.a(), what::read | what::persist, noted("reader")};
};

TEST_F(Rearming, AfterATimeoutCountsFromWhenItWasDue) {
  timer.add(10ms);

  turn_after(13ms);

  EXPECT_EQ(notes, lines{"timer timeout 13ms"});
  EXPECT_EQ(timer.deadline(), at(20ms));
}

TEST_F(Rearming, PeriodsDoNotDriftHoweverLateTheCalls) {
  int calls = 0;
  duration latest{};
  event tick(base, -1, what::persist, [&] {
    latest = elapsed();
    manual_clock::advance(3ms);
    if (++calls == 1'000) base.loopbreak();
  });
  tick.add(10ms);

  base.dispatch();

  EXPECT_EQ(latest, 10'000ms);
  EXPECT_EQ(tick.deadline(), at(10'010ms));
}

TEST_F(Rearming, AfterAnythingElseCountsFromNow) {
  reader.add(10ms);

  readable();
  turn_after(4ms);
  EXPECT_EQ(reader.deadline(), at(14ms));

  turn_after(10ms);
  EXPECT_EQ(notes, (lines{"reader read 4ms", "reader timeout 14ms"}));
  EXPECT_EQ(reader.deadline(), at(24ms));
}

TEST_F(Rearming, AfterBothAtOnceCountsFromNow) {
  reader.add(10ms);

  readable();
  turn_after(13ms);

  EXPECT_EQ(notes, lines{"reader timeout|read 13ms"});
  EXPECT_EQ(reader.deadline(), at(23ms));
}

TEST_F(Rearming, AfterActiveCountsFromNow) {
  timer.add(10ms);
  manual_clock::advance(4ms);
  timer.active(what::write);

  turn_after(0ms);

  EXPECT_EQ(notes, lines{"timer write 4ms"});
  EXPECT_EQ(timer.deadline(), at(14ms));
}

// Its deadline is still ahead: from there, the next period would be too long.
TEST_F(Rearming, AfterActiveForItsTimeoutCountsFromNow) {
  timer.add(100ms);
  manual_clock::advance(30ms);
  timer.active(what::timeout);

  turn_after(0ms);
  EXPECT_EQ(timer.deadline(), at(130ms));
  turn_after(100ms);

  EXPECT_EQ(notes, (lines{"timer timeout 30ms", "timer timeout 130ms"}));
}

TEST_F(Rearming, SkipsThePeriodsThatWereMissed) {
  timer.add(10ms);

  turn_after(57ms);
  turn_after(0ms);

  EXPECT_EQ(notes, lines{"timer timeout 57ms"});
  EXPECT_EQ(timer.deadline(), at(67ms));
}

TEST_F(Rearming, APeriodThatEndsJustNowIsNotMissed) {
  timer.add(10ms);

  turn_after(20ms);
  turn_after(0ms);

  EXPECT_EQ(notes, (lines{"timer timeout 20ms", "timer timeout 20ms"}));
  EXPECT_EQ(timer.deadline(), at(30ms));
}

TEST_F(Rearming, SkipsThePeriodsThatItsOwnCallbackTook) {
  event slow(base, -1, what::persist, [&](what fired) {
    note("slow", fired);
    if (notes.size() == 1) manual_clock::advance(35ms);
  });
  slow.add(10ms);

  turn_after(10ms);
  for (int turns = 0; turns < 10; ++turns) turn_after(1ms);

  EXPECT_EQ(notes, (lines{"slow timeout 10ms", "slow timeout 46ms"}));
  EXPECT_EQ(slow.deadline(), at(56ms));
}

TEST_F(Rearming, ZeroIsOncePerTurn) {
  timer.add(0ms);

  turn_after(0ms);
  turn_after(0ms);
  turn_after(10ms);
  turn_after(0ms);

  EXPECT_EQ(notes, (lines{"timer timeout 0ms", "timer timeout 0ms",
                          "timer timeout 10ms", "timer timeout 10ms"}));
}

TEST_F(Rearming, ForEverStaysForEver) {
  reader.add(duration::max());

  readable();
  turn_after(10ms);

  EXPECT_EQ(notes, lines{"reader read 10ms"});
  EXPECT_EQ(reader.deadline(), time_point::max());
}

TEST_F(Rearming, IsOverWithDel) {
  event a(base, -1, what::persist, [&] { a.del(); });
  a.add(10ms);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(elapsed(), 10ms);
}

TEST_F(Rearming, IsOverWithRemoveTimer) {
  event a(base, fds.a(), what::read | what::persist, [&](what fired) {
    note("a", fired);
    a.remove_timer();
  });
  a.add(10ms);

  turn_after(10ms);
  readable();
  turn_after(10ms);

  EXPECT_EQ(notes, (lines{"a timeout 10ms", "a read 20ms"}));
  EXPECT_EQ(a.deadline(), std::nullopt);
}

TEST_F(Rearming, TakesTheLengthThatWasGivenLast) {
  event a(base, -1, what::persist, [&](what fired) {
    note("a", fired);
    a.add(3ms);
  });
  a.add(10ms);

  for (int turns = 0; turns < 16; ++turns) turn_after(1ms);

  EXPECT_EQ(notes,
            (lines{"a timeout 10ms", "a timeout 13ms", "a timeout 16ms"}));
}

TEST_F(Rearming, IsNotDisturbedByAddingWithoutATimeout) {
  event a(base, -1, what::persist, [&](what fired) {
    note("a", fired);
    a.add();
  });
  a.add(10ms);

  turn_after(12ms);

  EXPECT_EQ(a.deadline(), at(20ms));
}

TEST_F(Rearming, ComesBeforeTheCallback) {
  std::optional<time_point> next;
  event a(base, -1, what::persist, [&] { next = a.deadline(); });
  a.add(10ms);

  turn_after(12ms);

  EXPECT_EQ(next, at(20ms));
}

TEST_F(Rearming, OutlivesAnException) {
  event a(base, -1, what::persist,
          [] { throw std::runtime_error("of the callback"); });
  a.add(10ms);

  EXPECT_THROW(turn_after(12ms), std::runtime_error);

  base.self_check();
  EXPECT_EQ(a.deadline(), at(20ms));
}

TEST_F(Rearming, ATimeoutAloneIsNotTheBackendsBusiness) {
  reader.add(10ms);
  const auto calls = kernel.calls;

  for (int turns = 0; turns < 5; ++turns) turn_after(10ms);

  EXPECT_EQ(notes.size(), 5u);
  EXPECT_EQ(kernel.calls, calls);
}

/// Events that wait for signals.
class SignalEvent : signals_restored, public ::testing::Test {
 protected:
  event_base base;
};

TEST_F(SignalEvent, IsPersistentWhenMadeByName) {
  const event ev = event::signal(base, SIGUSR1, [] {});

  EXPECT_EQ(ev.fd(), SIGUSR1);
  EXPECT_EQ(ev.events(), what::signal | what::persist);
  EXPECT_EQ(ev.pending(), what::none);
}

TEST_F(SignalEvent, MayBeMadeInPlace) {
  int calls = 0;
  std::optional<event> ev;
  ev.emplace(base, SIGUSR1, what::signal, [&] { ++calls; });
  ev->add();
  raise(SIGUSR1);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, 1);
}

TEST_F(SignalEvent, CannotWaitForADescriptorToo) {
  for (const what io : {what::read, what::write, what::read | what::write}) {
    const auto make = [&] {
      event(base, SIGUSR1, what::signal | what::persist | io, [] {});
    };
    EXPECT_THROW(make(), std::invalid_argument);
    EXPECT_NE(message_of(make).find(to_string(io)), std::string::npos);
  }
}

TEST_F(SignalEvent, IsPendingWhileItIsAdded) {
  event ev = event::signal(base, SIGUSR1, [] {});

  ev.add();
  EXPECT_EQ(ev.pending(), what::signal);
  EXPECT_EQ(ev.pending(any_io | what::timeout), what::none);

  ev.del();
  EXPECT_EQ(ev.pending(), what::none);
}

TEST_F(SignalEvent, MayHaveATimeout) {
  event ev = event::signal(base, SIGUSR1, [] {});

  ev.add(std::chrono::hours(1));
  EXPECT_EQ(ev.pending(), what::signal | what::timeout);
  EXPECT_TRUE(ev.deadline().has_value());

  ev.remove_timer();
  EXPECT_EQ(ev.pending(), what::signal);
}

TEST_F(SignalEvent, MayBeAddedTwice) {
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [&] { ++calls; });
  ev.add();
  ev.add();
  raise(SIGUSR1);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.num_events(event_count::added), 1u);
}

TEST_F(SignalEvent, MayBeMadeDueByHandWithoutBeingAdded) {
  what seen = what::none;
  event ev = event::signal(base, SIGUSR1, [&](what fired) { seen = fired; });

  ev.active(what::signal);
  EXPECT_EQ(ev.pending(), what::signal);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(seen, what::signal);
  EXPECT_EQ(ev.pending(), what::none);
}

/// Numbers for which add() throws.
class SignalNumber : public SignalEvent,
                     public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Uncatchable, SignalNumber,
                         ::testing::Values(0, -1, NSIG, 1000, SIGKILL,
                                           SIGSTOP));

TEST_P(SignalNumber, ThatCannotBeCaughtIsRefusedByAdd) {
  event ev = event::signal(base, GetParam(), [] {});

  const auto add = [&] { ev.add(); };

  EXPECT_EQ(error_of(add), std::errc::invalid_argument);
  EXPECT_NE(message_of(add).find("signal " + std::to_string(GetParam()) + ':'),
            std::string::npos)
      << message_of(add);
}

TEST_P(SignalNumber, ThatIsRefusedLeavesNothingBehind) {
  event ev = event::signal(base, GetParam(), [] {});

  EXPECT_THROW(ev.add(std::chrono::hours(1)), std::system_error);

  EXPECT_EQ(ev.pending(), what::none);
  EXPECT_FALSE(ev.deadline().has_value());
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  base.self_check();
}

TEST(EventLayout, FillsTwoCacheLines) {
  EXPECT_TRUE(std::is_standard_layout_v<event>);
  if constexpr (sizeof(void*) == 8) {
    EXPECT_EQ(sizeof(event), 128u);
  }
}

/// Events that wait for the peer's close, and for nothing else.
class EarlyClose : public OnBackend {
 protected:
  using times = std::vector<what>;

  /// Turns of the loop, whatever comes in them.
  void turns(int count) {
    for (int i = 0; i < count; ++i) base.loop(loop_flags::nonblock);
  }

  pair fds;
  times heard;
  event ev{base, fds.a(), what::closed,
           [this](what fired) { heard.push_back(fired); }};
};
INSTANTIATE_TEST_SUITE_P(
    Backends, EarlyClose,
    ::testing::ValuesIn(backends_with(feature::early_close)), backend_name);

TEST_P(EarlyClose, IsTheCloseOfHalfAConnection) {
  ev.add();
  ::shutdown(fds.b(), SHUT_WR);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(heard, times{what::closed});
}

TEST_P(EarlyClose, IsSeenBeforeTheDataIsRead) {
  ev.add();
  fds.send("last words");
  turns(3);
  EXPECT_EQ(heard, times{});

  fds.close_b();
  base.dispatch();

  EXPECT_EQ(heard, times{what::closed});
  EXPECT_EQ(fds.receive(), "last words");
}

TEST_P(EarlyClose, IsAlsoAReset) {
  tcp_pair connection;
  event waits(base, connection.a(), what::closed,
              [this](what fired) { heard.push_back(fired); });
  waits.add();
  connection.reset_b();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(heard, times{what::closed});
  char byte;
  EXPECT_EQ(::read(connection.a(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

// Of this the system tells as of a hangup, and of nothing else.
TEST_P(EarlyClose, IsAlsoTheHangupOfAPipe) {
  pipe_ends ends;
  event reader(base, ends.reader(), what::closed,
               [this](what fired) { heard.push_back(fired); });
  reader.add();
  ends.close_writer();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(heard, times{what::closed});
}

TEST_P(EarlyClose, IsToldToAOneShotEventOnce) {
  ev.add();
  fds.close_b();
  turns(5);
  EXPECT_EQ(heard, times{what::closed});
}

TEST_P(EarlyClose, IsToldInEachTurnToAPersistentEventUntilItIsDeleted) {
  event persists(base, fds.a(), what::closed | what::persist, [&] {
    heard.push_back(what::closed);
    if (heard.size() == 3) persists.del();
  });
  persists.add();
  fds.close_b();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(heard.size(), 3u);
}

TEST_P(EarlyClose, IsToldBesideWhatCanBeRead) {
  event reader(base, fds.a(), what::read,
               [this](what fired) { heard.push_back(fired); });
  event both(base, fds.a(), what::read | what::closed,
             [this](what fired) { heard.push_back(fired); });
  for (event* each : {&ev, &reader, &both}) each->add();
  fds.send();
  ::shutdown(fds.b(), SHUT_WR);

  base.dispatch();

  EXPECT_EQ(heard,
            (times{what::closed, what::read, what::read | what::closed}));
}

TEST_P(EarlyClose, LeavesTheReaderAloneWhenItsEventIsDeleted) {
  event reader(base, fds.a(), what::read,
               [this](what fired) { heard.push_back(fired); });
  ev.add();
  reader.add();
  ev.del();
  ::shutdown(fds.b(), SHUT_WR);

  base.dispatch();

  EXPECT_EQ(heard, times{what::read});
}

TEST_P(EarlyClose, IsWhatAnEventMayBePendingFor) {
  EXPECT_EQ(ev.pending(), what::none);
  ev.add();
  EXPECT_EQ(ev.pending(), what::closed);
}

class NoEarlyClose : public OnBackend {};
INSTANTIATE_TEST_SUITE_P(
    Backends, NoEarlyClose,
    ::testing::ValuesIn(backends_without(feature::early_close)), backend_name);

TEST_P(NoEarlyClose, IsRefusedByTheNameOfTheBackend) {
  const pair fds;
  event ev(base, fds.a(), what::read | what::closed, [] {});

  EXPECT_THROW(ev.add(), std::invalid_argument);
  EXPECT_NE(message_of([&] { ev.add(); }).find(GetParam()), std::string::npos);

  EXPECT_EQ(ev.pending(), what::none);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  base.self_check();
}

/// Edge-triggered events that read nothing.
class Edges : public OnBackend {
 protected:
  void turns(int count) {
    for (int i = 0; i < count; ++i) base.loop(loop_flags::nonblock);
  }

  pair fds;
  int calls = 0;
  event ev{base, fds.a(), what::read | what::persist | what::et,
           [this](what fired) {
             EXPECT_EQ(fired, what::read);
             ++calls;
           }};
};
INSTANTIATE_TEST_SUITE_P(Backends, Edges,
                         ::testing::ValuesIn(backends_with(feature::et)),
                         backend_name);

TEST_P(Edges, CallOnceForEachArrival) {
  ev.add();
  turns(3);
  EXPECT_EQ(calls, 0);

  for (int arrivals = 1; arrivals <= 3; ++arrivals) {
    fds.send();
    turns(3);
    EXPECT_EQ(calls, arrivals);
  }
}

TEST_P(Edges, AreSeenForWhatWasThereBeforeTheAdd) {
  fds.send();
  ev.add();
  turns(3);
  EXPECT_EQ(calls, 1);
}

TEST_P(Edges, AreAlsoForWriting) {
  int writable = 0;
  event writer(base, fds.a(), what::write | what::persist | what::et,
               [&] { ++writable; });
  writer.add();

  turns(3);

  EXPECT_EQ(writable, 1);
}

TEST_P(Edges, AreToldToAllEventsOfADescriptor) {
  int others = 0;
  event other(base, fds.a(), what::read | what::persist | what::et,
              [&] { ++others; });
  ev.add();
  other.add();
  turns(1);

  fds.send();
  turns(3);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(others, 1);
}

TEST_P(Edges, DoNotMixWithLevelsOnADescriptor) {
  event level(base, fds.a(), what::write, [] { FAIL(); });
  ev.add();

  EXPECT_THROW(level.add(), std::invalid_argument);

  EXPECT_EQ(level.pending(), what::none);
  EXPECT_EQ(base.num_events(event_count::added), 1u);
  fds.send();
  turns(3);
  EXPECT_EQ(calls, 1);
}

TEST_P(Edges, AreRefusedWhereThereAreLevels) {
  int levels = 0;
  event level(base, fds.a(), what::read | what::persist, [&] { ++levels; });
  level.add();

  EXPECT_THROW(ev.add(), std::invalid_argument);

  EXPECT_EQ(ev.pending(), what::none);
  fds.send();
  turns(3);
  EXPECT_EQ(levels, 3);
  EXPECT_EQ(calls, 0);
}

TEST_P(Edges, MayComeAfterLevelsAndLevelsAfterThem) {
  int levels = 0;
  event level(base, fds.a(), what::read | what::persist, [&] { ++levels; });
  fds.send();
  level.add();
  turns(2);
  level.del();
  ev.add();
  turns(2);
  ev.del();
  level.add();
  turns(2);

  EXPECT_EQ(levels, 4);
  EXPECT_EQ(calls, 1);
}

/// What asks for edges where there are only levels.
class NoEdges : public OnBackend {
 protected:
  pair fds;
};
INSTANTIATE_TEST_SUITE_P(Backends, NoEdges,
                         ::testing::ValuesIn(backends_without(feature::et)),
                         backend_name);

TEST_P(NoEdges, AreLevels) {
  int calls = 0;
  event ev(base, fds.a(), what::read | what::persist | what::et,
           [&] { ++calls; });
  ev.add();
  fds.send();

  for (int turn = 0; turn < 3; ++turn) base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, 3);
}

TEST_P(NoEdges, MustAgreeAllTheSame) {
  event level(base, fds.a(), what::read, [] {});
  event edge(base, fds.a(), what::read | what::et, [] {});
  level.add();
  EXPECT_THROW(edge.add(), std::invalid_argument);
}

TEST_P(Event, CannotWaitForASignalAndAClose) {
  EXPECT_THROW(event(base, 1, what::signal | what::closed, [] {}),
               std::invalid_argument);
}

// Several threads, while a callback is being called

/// An event whose callback says when it is called, and goes on when it is told.
class EventThreads : public OnBackend {
 protected:
  EventThreads() {
    base.make_notifiable();
    fds.send();
  }

  /// What the callback does until the test says go_on().
  void hold() {
    running = true;
    enter();
    told.get_future().wait();
    running = false;
  }

  /// For callbacks, which may be called again before they are deleted.
  void enter() {
    if (!std::exchange(called, true)) entered.set_value();
  }

  void await_callback() { entered.get_future().wait(); }
  void go_on() { told.set_value(); }

  /// For callbacks: waits until another thread has deleted the event, which is
  /// in its del() or destructor, then.
  static void await_deletion(const event& ev) {
    while (any(ev.pending())) std::this_thread::yield();
  }

  pair fds;
  std::promise<void> entered;
  std::promise<void> told;
  std::atomic<bool> running = false;
  bool called = false;
};
INSTANTIATE_TEST_SUITE_P(Backends, EventThreads, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(EventThreads, DelReturnsWhenTheCallbackHasEnded) {
  event ev(base, fds.a(), what::read | what::persist, [this] {
    running = true;
    enter();
    await_deletion(*base.running_event());
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    running = false;
  });
  ev.add();
  loop_thread loop(base);
  await_callback();

  ev.del();

  EXPECT_FALSE(running);
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(EventThreads, TheDestructorReturnsWhenTheCallbackHasEnded) {
  std::optional<event> ev;
  ev.emplace(base, fds.a(), what::read | what::persist, [this] {
    running = true;
    enter();
    await_deletion(*base.running_event());
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    running = false;
  });
  ev->add();
  loop_thread loop(base);
  await_callback();

  ev.reset();

  EXPECT_FALSE(running);
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(EventThreads, DelWaitsForAnEventThatIsNotAddedAnyMoreToo) {
  event ev(base, fds.a(), what::read, [this] { hold(); });
  ev.add();
  loop_thread loop(base);
  await_callback();
  std::thread other([this] { go_on(); });

  ev.del();

  EXPECT_FALSE(running);
  other.join();
}

TEST_P(EventThreads, TheDestructorWaitsForAnEventThatIsNotAddedAnyMoreToo) {
  std::optional<event> ev;
  ev.emplace(base, fds.a(), what::read, [this] { hold(); });
  ev->add();
  loop_thread loop(base);
  await_callback();
  std::thread other([this] { go_on(); });

  ev.reset();

  EXPECT_FALSE(running);
  other.join();
}

TEST_P(EventThreads, DelDoesNotWaitForAnothersCallback) {
  event ev(base, fds.a(), what::read, [this] { hold(); });
  event another = event::timer(base, [] {});
  ev.add();
  another.add(std::chrono::hours(24));
  loop_thread loop(base);
  await_callback();

  another.del();

  EXPECT_TRUE(running);
  go_on();
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(EventThreads, DelNoblockDoesNotWait) {
  event ev(base, fds.a(), what::read | what::persist, [this] { hold(); });
  ev.add();
  loop_thread loop(base);
  await_callback();

  ev.del_noblock();

  EXPECT_TRUE(running);
  EXPECT_FALSE(any(ev.pending()));
  go_on();
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(EventThreads, InTheLoopNothingWaitsForItself) {
  std::optional<event> ev;
  int calls = 0;
  ev.emplace(base, fds.a(), what::read | what::persist, [&ev, &calls] {
    ++calls;
    ev->del();
    ev.reset();
  });
  ev->add();

  EXPECT_EQ(loop_thread(base).join(), loop_result::no_events);
  EXPECT_EQ(calls, 1);
}

TEST_P(EventThreads, WhatTheCallbackAddsAgainIsDeleted) {
  event ev(base, fds.a(), what::read | what::persist, [this] {
    event& self = *base.running_event();
    enter();
    await_deletion(self);
    self.add();
  });
  ev.add();
  event never = event::timer(base, [] {});
  never.add(std::chrono::hours(24));
  loop_thread loop(base);
  await_callback();

  ev.del();

  EXPECT_FALSE(any(ev.pending()));
  never.del();
  EXPECT_EQ(loop.join(), loop_result::no_events);
}

TEST_P(EventThreads, WhatTheCallbackMakesDueIsNotCalledWhenDelHasReturned) {
  std::atomic<bool> deleted = false;
  const auto wait_a_while = [&deleted] {
    for (int i = 0; i < 1000 && !deleted; ++i) std::this_thread::yield();
  };
  event ev(base, fds.a(), what::read | what::persist, [this, &wait_a_while] {
    running = true;
    event& self = *base.running_event();
    if (called) wait_a_while();
    if (!called) {
      enter();
      await_deletion(self);
      self.active(what::read);
    }
    running = false;
  });
  ev.add();
  loop_thread loop(base);
  await_callback();

  ev.del();

  EXPECT_FALSE(running);
  EXPECT_FALSE(any(ev.pending()));
  deleted = true;
}

TEST_P(EventThreads, SeveralMayWaitForOneCallback) {
  event ev(base, fds.a(), what::read, [this] { hold(); });
  ev.add();
  loop_thread loop(base);
  await_callback();
  const auto wait = [&] {
    ev.del();
    EXPECT_FALSE(running);
  };
  std::thread first(wait);
  std::thread second(wait);

  go_on();

  first.join();
  second.join();
}

TEST_P(EventThreads, AnExceptionEndsACallbackToo) {
  event ev(base, fds.a(), what::read | what::persist, [this] {
    enter();
    await_deletion(*base.running_event());
    throw std::runtime_error("from the callback");
  });
  ev.add();
  std::thread loop(
      [this] { EXPECT_THROW(base.dispatch(), std::runtime_error); });
  await_callback();

  ev.del();

  loop.join();
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.running_event(), nullptr);
}

TEST_P(EventThreads, AnyThreadMayAskWhileACallbackRuns) {
  event ev(base, fds.a(), what::read | what::persist, [this] { hold(); });
  ev.add(std::chrono::hours(24));
  loop_thread loop(base);
  await_callback();

  EXPECT_EQ(ev.pending(), what::read | what::timeout);
  EXPECT_TRUE(ev.deadline().has_value());
  EXPECT_EQ(ev.priority(), 0);
  EXPECT_EQ(base.running_event(), &ev);
  ev.priority_set(0);
  ev.remove_timer();
  EXPECT_EQ(ev.pending(), what::read);

  ev.del_noblock();
  go_on();
}

// The last call

TEST_P(EventThreads, FinalizeDoesNotWaitForTheCallback) {
  std::string trace;
  std::thread::id finalized_in;
  event ev(base, fds.a(), what::read | what::persist, [this, &trace] {
    hold();
    trace += "callback ";
  });
  ev.add();
  loop_thread loop(base);
  await_callback();

  ev.finalize([&trace, &finalized_in] {
    trace += "finalizer ";
    finalized_in = std::this_thread::get_id();
  });

  EXPECT_TRUE(running);
  const std::thread::id loop_id = loop.id();
  go_on();
  EXPECT_EQ(loop.join(), loop_result::no_events);
  EXPECT_EQ(trace, "callback finalizer ");
  EXPECT_EQ(finalized_in, loop_id);
}

TEST_P(EventThreads, TheFinalizerMayDestroyTheEvent) {
  auto ev = std::make_unique<event>(base, fds.a(), what::read | what::persist,
                                    [this] { hold(); });
  ev->add();
  loop_thread loop(base);
  await_callback();

  ev->finalize([&ev] { ev.reset(); });

  go_on();
  EXPECT_EQ(loop.join(), loop_result::no_events);
  EXPECT_EQ(ev, nullptr);
}

TEST_P(EventThreads, WhatTheCallbackDoesCannotDelayTheFinalizer) {
  std::string trace;
  event ev(base, fds.a(), what::read | what::persist, [this, &trace] {
    event& self = *base.running_event();
    hold();
    self.active(what::read);
    EXPECT_THROW(self.add(), std::logic_error);
    self.del();
    trace += "callback ";
  });
  ev.add();
  loop_thread loop(base);
  await_callback();

  ev.finalize(
      [&trace](int, what fired) { trace += "finalizer " + to_string(fired); });

  go_on();
  EXPECT_EQ(loop.join(), loop_result::no_events);
  EXPECT_EQ(trace, "callback finalizer " + to_string(what::none));
}

class Finalizing : public OnFake {
 protected:
  event ev{base, fds.a(), what::read | what::persist, [this] { called('e'); }};
};

TEST_F(Finalizing, TakesOffWhatIsAddedAndDue) {
  ev.add(std::chrono::hours(1));
  ev.active(what::read);

  ev.finalize([this] { called('f'); });

  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "f1 ");
}

TEST_F(Finalizing, IsDoneInTheNextTurnWhenACallbackAsks) {
  event asks = event::timer(base, [this] {
    called('a');
    ev.finalize([this] { called('f'); });
  });
  asks.active(what::none);

  base.dispatch();

  EXPECT_EQ(trace, "a1 f2 ");
}

TEST_F(Finalizing, MayBeAskedForInTheEventsOwnCallback) {
  event self(base, fds.a(), what::read | what::persist, [this] {
    called('s');
    base.running_event()->finalize([this] { called('f'); });
  });
  self.add();
  self.active(what::read);

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "s1 f2 ");
}

TEST_F(Finalizing, NothingElseHappensToTheEventUntilThen) {
  ev.finalize([this] { called('f'); });

  EXPECT_THROW(ev.add(), std::logic_error);
  EXPECT_THROW(ev.add(std::chrono::hours(1)), std::logic_error);
  ev.del();
  ev.del_noblock();
  ev.active(what::read);
  ev.active_later(what::read);
  ev.remove_timer();
  EXPECT_THROW(ev.priority_set(0), std::logic_error);

  base.dispatch();
  EXPECT_EQ(trace, "f1 ");
}

TEST_F(Finalizing, IsAskedForOnce) {
  ev.finalize([this] { called('f'); });

  EXPECT_THROW(ev.finalize([this] { called('g'); }), std::logic_error);

  base.dispatch();
  EXPECT_EQ(trace, "f1 ");
}

TEST_F(Finalizing, IsCalledOffByTheDestructor) {
  {
    event going = event::timer(base, [] {});
    going.finalize([this] { called('f'); });
  }
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "");
}

TEST_F(Finalizing, NeedsAPriorityThatTheBaseHas) {
  base.priority_init(3);
  ev.priority_set(2);
  base.priority_init(1);

  EXPECT_THROW(ev.finalize([this] { called('f'); }), std::logic_error);

  base.dispatch();
  EXPECT_EQ(trace, "");
}

TEST_F(Finalizing, ABaseThatGoesCallsWhatIsLeft) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  auto gone = std::make_unique<event>(*own, -1, what::none, [] {});
  event second = event::timer(*own, [] {});
  gone->finalize([this, &gone] {
    called('g');
    gone.reset();
  });
  second.finalize([this] { called('s'); });

  own.reset();

  EXPECT_EQ(trace, "g0 s0 ");
  EXPECT_EQ(gone, nullptr);
}

TEST_F(Finalizing, ABaseThatGoesCallsWhatAFinalizerFinalizes) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  own->priority_init(2);
  event urgent = event::timer(*own, [] {});
  event other = event::timer(*own, [] {});
  urgent.priority_set(0);
  other.priority_set(1);
  other.finalize([this, &urgent] {
    called('o');
    urgent.finalize([this] { called('u'); });
  });

  own.reset();

  EXPECT_EQ(trace, "o0 u0 ");
}

TEST_F(Finalizing, LeavesAnEventThatCanOnlyBeDestroyed) {
  ev.finalize([this] {
    called('f');
    EXPECT_THROW(ev.add(), std::logic_error);
    ev.active(what::read);
  });
  base.loop(loop_flags::nonblock);

  EXPECT_THROW(ev.add(), std::logic_error);
  EXPECT_THROW(ev.add(std::chrono::hours(1)), std::logic_error);
  EXPECT_THROW(ev.finalize([this] { called('g'); }), std::logic_error);
  ev.active(what::read);
  ev.active_later(what::read);
  ev.del();
  ev.del_noblock();
  ev.remove_timer();

  EXPECT_EQ(ev.pending(), what::none);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "f1 ");
  base.self_check();
}

TEST_F(Finalizing, LeavesAnEventThatMayBeDestroyedAfterItsBase) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  auto done = std::make_unique<event>(*own, -1, what::none, [] {});
  auto left = std::make_unique<event>(*own, -1, what::none, [] {});
  done->finalize([this] { called('d'); });
  own->dispatch();
  left->finalize([this] { called('l'); });

  own.reset();
  done.reset();
  left.reset();

  EXPECT_EQ(trace, "d1 l1 ");
}

TEST_F(Finalizing, ABaseThatGoesDeletesWhatAFinalizerAdds) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  event timer = event::timer(*own, [this] { called('t'); });
  event reader(*own, fds.a(), what::read, [this] { called('r'); });
  event due = event::timer(*own, [this] { called('d'); });
  event last = event::timer(*own, [] {});
  const std::function<void()> adds = [&, in = own.get()] {
    timer.add(std::chrono::hours(1));
    reader.add();
    due.active(what::none);
    in->once(-1, what::none, [this] { called('o'); });
    in->loopexit(std::chrono::hours(1));
    called('l');
  };
  last.finalize([&adds] { adds(); });

  own.reset();

  EXPECT_EQ(trace, "l0 ");
}

TEST_F(Finalizing, ABaseThatGoesLetsAFinalizerChangeThePriorities) {
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  own->priority_init(3);
  event last = event::timer(*own, [] {});
  last.priority_set(2);
  last.finalize([this, in = own.get()] {
    called('f');
    in->priority_init(1);
  });

  own.reset();

  EXPECT_EQ(trace, "f0 ");
}

// A search through all that is due, for each of them, would take half a minute.
TEST_F(Finalizing, ABaseThatGoesLooksAtEachOnce) {
  constexpr std::size_t count = 100'000;
  auto own =
      std::make_unique<event_base>(std::make_unique<fake_eventop>(kernel));
  std::deque<event> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.emplace_back(*own, -1, what::none, [] { FAIL(); });
    events.back().active(what::read);
  }
  std::size_t calls = 0;
  for (std::size_t i = 0; i < count; ++i) {
    events.emplace_back(*own, -1, what::none, [] { FAIL(); });
    events.back().finalize([&calls] { ++calls; });
  }

  const time_point start = clock::now();
  own.reset();

  EXPECT_LT(clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(calls, count);
}

// Events that are due already

class ActiveAgain : public OnBackend {
 protected:
  ActiveAgain() { base.make_notifiable(); }

  std::vector<what> told;
};
INSTANTIATE_TEST_SUITE_P(Backends, ActiveAgain, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(ActiveAgain, NeedsNoLock) {
  static event* due;
  static std::future_status returned;
  event ev = event::timer(base, [this](what fired) { told.push_back(fired); });
  ev.active(what::read);
  due = &ev;
  static std::future<void> again;

  // Is called under the lock.
  base.set_clock([] {
    again = std::async(std::launch::async, [] { due->active(what::read); });
    returned = again.wait_for(10s);
    return clock::now();
  });
  base.now();
  base.set_clock([] { return clock::now(); });
  again.get();

  EXPECT_EQ(returned, std::future_status::ready);
  base.dispatch();
  EXPECT_EQ(told, std::vector{what::read});
}

TEST_P(ActiveAgain, ForAnotherReasonJoins) {
  event ev = event::timer(base, [this](what fired) { told.push_back(fired); });
  ev.active(what::read);
  ev.active(what::write);
  ev.active(what::read | what::write);

  base.dispatch();
  EXPECT_EQ(told, std::vector{what::read | what::write});
}

TEST_P(ActiveAgain, IsACallOfItsOwnFromTheBeginningOfTheCall) {
  int calls = 0;
  event ev = event::timer(base, [&] {
    if (++calls > 1) return;
    std::thread([&ev = *base.running_event()] {
      ev.active(what::read);
      ev.active(what::read);
    }).join();
  });
  ev.active(what::read);

  base.dispatch();
  EXPECT_EQ(calls, 2);
}

TEST_P(ActiveAgain, AfterItsTimeoutIsTakenBackIsDueAnew) {
  event ev = event::timer(base, [this](what fired) { told.push_back(fired); });
  ev.active(what::timeout | what::read);
  ev.remove_timer();
  ev.active(what::timeout);

  base.dispatch();
  EXPECT_EQ(told, std::vector{what::timeout | what::read});
}

TEST_P(ActiveAgain, OfASignalInItsOwnCallbackIsOneMoreCall) {
  int calls = 0;
  event ev(base, SIGUSR1, what::signal, [&] {
    if (++calls == 1) base.running_event()->active(what::signal);
    if (calls == 3) base.loopbreak();
  });
  event more(base, SIGUSR1, what::signal | what::persist, [] {});
  ev.add();
  more.add();
  ev.active(what::signal);
  ev.active(what::signal);

  base.loop(loop_flags::nonblock);
  base.loop(loop_flags::nonblock);
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(calls, 2);
}

TEST_P(ActiveAgain, AfterDelIsDueAnew) {
  int calls = 0;
  event ev = event::timer(base, [&] { ++calls; });
  ev.active(what::read);
  ev.del();
  ev.active(what::read);

  base.dispatch();
  EXPECT_EQ(calls, 1);
}

// The loop never sleeps, so that a call is as likely at any moment. What the
// thread writes to memory that is far away holds up what it writes next. The
// loop's side of it cannot be seen to fail on x86: there the lock is given back
// before the callback, and that is a barrier.
TEST_P(ActiveAgain, TheCallbackSeesWhatWasDoneBefore) {
  std::atomic<int> written = 0;
  std::atomic<int> seen = 0;
  event ev = event::timer(base, [&] {
    seen.store(written.load(std::memory_order_relaxed),
               std::memory_order_relaxed);
  });
  event busy = event::timer(
      base, [this] { base.running_event()->active_later(what::none); });
  busy.active(what::none);
  std::thread loop([this] { base.loop(); });
  std::vector<int> far_away(std::size_t{1} << 24);
  std::minstd_rand random(1);
  int round = 0;
  bool lost = false;
  while (!lost && round < rounds()) {
    ev.active(what::read);
    for (auto left = random() % 50; left > 0; --left) {
      far_away[(random() << 4) % far_away.size()] = round;
    }
    written.store(++round, std::memory_order_relaxed);
    ev.active(what::read);  // the event may be due still, or not any more
    const time_point end = clock::now() + 10s;
    while (!lost && seen.load() != round) lost = clock::now() > end;
  }
  base.loopbreak();
  loop.join();

  EXPECT_FALSE(lost) << "in round " << round;
}

TEST(ActiveOfAnEventWhoseBaseGoesFirst, LeavesItToBeDestroyed) {
  auto own = std::make_unique<event_base>();
  own->make_notifiable();
  event ev = event::timer(*own, [] { FAIL(); });
  ev.active(what::read);
  ev.active(what::read);

  own.reset();
}

TEST(ActiveOfAnEventThatIsNotWatched, CannotSayThatAgain) {
  bool called = false;
  event_base own("poll");
  own.priority_init(2);
  const recorded_log log;
  pipe_ends fds;
  event gone(own, fds.reader(), what::read | what::persist, [] {});
  event first = event::timer(own, [&] {
    EXPECT_EQ(gone.pending(what::unwatched), what::unwatched);
    EXPECT_THROW(gone.active(what::unwatched), std::invalid_argument);
    called = true;
    own.loopbreak();
  });
  first.priority_set(0);
  gone.add();
  gone.active(what::read);
  first.active(what::read);
  fds.close_reader();

  own.dispatch();
  EXPECT_TRUE(called);
}

TEST_F(EventOnFake, ActiveAfterActiveLaterCutsTheTurnShort) {
  base.priority_init(2);
  event urgent = event::timer(base, [this] { trace += 'u'; });
  event first = event::timer(base, [&] {
    trace += '1';
    urgent.active_later(what::none);
    urgent.active(what::none);
  });
  event second = event::timer(base, [this] { trace += '2'; });
  urgent.priority_set(0);
  first.active(what::none);
  second.active(what::none);

  base.dispatch();

  EXPECT_EQ(trace, "1u2");
}

// Due, without haste

TEST_F(EventOnFake, ActiveLaterDoesNotCutATurnShort) {
  base.priority_init(2);
  event urgent = event::timer(base, [this] { trace += 'u'; });
  event first = event::timer(base, [&] {
    trace += '1';
    urgent.active_later(what::none);
  });
  event second = event::timer(base, [this] { trace += '2'; });
  urgent.priority_set(0);
  first.active(what::none);
  second.active(what::none);

  base.dispatch();

  EXPECT_EQ(trace, "12u");
}

TEST_F(EventOnFake, ActiveDoes) {
  base.priority_init(2);
  event urgent = event::timer(base, [this] { trace += 'u'; });
  event first = event::timer(base, [&] {
    trace += '1';
    urgent.active(what::none);
  });
  event second = event::timer(base, [this] { trace += '2'; });
  urgent.priority_set(0);
  first.active(what::none);
  second.active(what::none);

  base.dispatch();

  EXPECT_EQ(trace, "1u2");
}

}  // namespace
}  // namespace evolve
