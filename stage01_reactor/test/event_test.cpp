#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "evolve/event.h"
#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/on_fake.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
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

TEST_P(Event, IsTheOnlyOneOnItsDescriptor) {
  event first(base, fds.a(), what::read, [this] { ++calls; });
  event second(base, fds.a(), what::write, [] {});
  first.add();

  EXPECT_EQ(error_of([&] { second.add(); }), std::errc::file_exists);
  EXPECT_EQ(second.pending(), what::none);
  EXPECT_EQ(first.pending(), what::read);

  base.dispatch();
  EXPECT_EQ(calls, 1);
  EXPECT_NO_THROW(second.add());
}

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

}  // namespace
}  // namespace evolve
