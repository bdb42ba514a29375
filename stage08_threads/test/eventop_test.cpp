#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "evolve/eventop.h"
#include "test/backends.h"
#include "test/fake_eventop.h"
#include "test/interruptions.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/thrown.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

TEST(TimeoutMs, OfNothingIsForEver) {
  EXPECT_EQ(timeout_ms(std::nullopt), -1);
}

TEST(TimeoutMs, RoundsUp) {
  EXPECT_EQ(timeout_ms(0ns), 0);
  EXPECT_EQ(timeout_ms(1ns), 1);
  EXPECT_EQ(timeout_ms(999'999ns), 1);
  EXPECT_EQ(timeout_ms(1ms), 1);
  EXPECT_EQ(timeout_ms(1ms + 1ns), 2);
}

TEST(TimeoutMs, OfThePastIsZero) {
  EXPECT_EQ(timeout_ms(-1ns), 0);
  EXPECT_EQ(timeout_ms(std::chrono::nanoseconds::min()), 0);
}

TEST(TimeoutMs, EndsAtTheGreatestInt) {
  EXPECT_EQ(timeout_ms(std::chrono::milliseconds(INT_MAX) - 1ns), INT_MAX);
  EXPECT_EQ(timeout_ms(std::chrono::milliseconds(INT_MAX) + 1ns), INT_MAX);
  EXPECT_EQ(timeout_ms(std::chrono::nanoseconds::max()), INT_MAX);
}

TEST(Methods, MakeWhatTheyAreCalled) {
  ASSERT_FALSE(supported_methods().empty());
  for (const method& m : supported_methods()) {
    EXPECT_STREQ(m.make()->name(), m.name);
    EXPECT_STREQ(make_eventop(m.name)->name(), m.name);
  }
}

TEST(MakeEventop, SaysWhatThereIsWhenThereIsNoneOfThatName) {
  EXPECT_THROW(make_eventop("quill"), std::invalid_argument);

  const std::string said = message_of([] { make_eventop("quill"); });
  EXPECT_NE(said.find("\"quill\""), std::string::npos) << said;
  for (const method& m : supported_methods()) {
    EXPECT_NE(said.find(m.name), std::string::npos) << said;
  }
}

/// A backend by itself: there are no events here.
class Eventop : public ::testing::TestWithParam<const char*> {
 protected:
  using answer = std::map<int, what>;  // what is ready, by descriptor

  /// One turn: waits, and tells what was found.
  answer turn(std::optional<std::chrono::nanoseconds> timeout = 0ns) {
    op->prepare();
    op->wait(timeout);
    answer found;
    for (const ready& r : op->collect()) {
      EXPECT_EQ(r.error, 0) << "on " << r.fd;
      EXPECT_TRUE(found.emplace(r.fd, r.fired).second) << r.fd << " again";
    }
    return found;
  }

  std::unique_ptr<eventop> op = make_backend(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Backends, Eventop, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Eventop, SaysItsName) {
  EXPECT_STREQ(op->name(), GetParam());
}

TEST_P(Eventop, FindsNothingWhereNothingIsWatched) {
  EXPECT_EQ(turn(), answer{});
}

TEST_P(Eventop, FindsWhatCanBeRead) {
  const pair fds;
  op->add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});

  fds.send();

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_P(Eventop, FindsWhatCanBeWritten) {
  const pair fds;

  op->add(fds.a(), what::none, what::write);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));
}

TEST_P(Eventop, FindsADescriptorOnceWhenBothIsPossible) {
  const pair fds;
  fds.send();

  op->add(fds.a(), what::none, what::read | what::write);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read | what::write}}));
}

TEST_P(Eventop, FindsOnlyWhatItIsAskedFor) {
  const pair fds;
  fds.send();

  op->add(fds.a(), what::none, what::write);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));
}

TEST_P(Eventop, FindsTheSameAgainUntilItIsDealtWith) {
  const pair fds;
  fds.send();
  op->add(fds.a(), what::none, what::read);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
  fds.receive();
  EXPECT_EQ(turn(), answer{});
}

TEST_P(Eventop, AddsToWhatIsWatched) {
  const pair fds;
  fds.send();
  op->add(fds.a(), what::none, what::read);

  op->add(fds.a(), what::read, what::read | what::write);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read | what::write}}));
}

TEST_P(Eventop, DelLeavesTheRest) {
  const pair fds;
  fds.send();
  op->add(fds.a(), what::none, what::read | what::write);

  op->del(fds.a(), what::read | what::write, what::write);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));

  op->del(fds.a(), what::write, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_P(Eventop, DelOfOneLeavesTheOthers) {
  const std::array<pair, 3> fds;
  for (const pair& each : fds) op->add(each.a(), what::none, what::write);

  for (const pair& gone : fds) {
    answer others;
    for (const pair& each : fds) others[each.a()] = what::write;
    others.erase(gone.a());

    op->del(gone.a(), what::write, what::none);
    EXPECT_EQ(turn(), others);
    op->add(gone.a(), what::none, what::write);
  }
}

TEST_P(Eventop, DelLeavesAloneWhatIsNotWatched) {
  const pair other;  // the lower numbers, within what the backend knows
  const pair watched;
  op->add(watched.a(), what::none, what::write);

  for (const int fd : {other.a(), closed_fd(), INT_MAX, -1}) {
    op->del(fd, what::read, what::none);
    op->del(fd, what::read | what::write, what::write);
  }

  EXPECT_EQ(turn(), (answer{{watched.a(), what::write}}));
}

TEST_P(Eventop, DelTakesOffWhatIsClosed) {
  pair closed;
  const pair open;
  const int fd = closed.a();
  op->add(fd, what::none, what::write);
  op->add(open.a(), what::none, what::write);

  closed.close_a();
  op->del(fd, what::write, what::none);

  EXPECT_EQ(turn(), (answer{{open.a(), what::write}}));
}

TEST_P(Eventop, WatchesTheNextDescriptorOfTheSameNumber) {
  pair first;
  const pair second;
  const int fd = first.a();
  op->add(fd, what::none, what::read);
  op->del(fd, what::read, what::none);
  first.close_a();
  ASSERT_EQ(::fcntl(second.a(), F_DUPFD, fd), fd);

  second.send();
  op->add(fd, what::none, what::read);

  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
  ::close(fd);
}

TEST_P(Eventop, RefusesWhatIsNotOpenAndSaysWhich) {
  const pair fds;
  op->add(fds.a(), what::none, what::write);
  const int closed = closed_fd();

  for (const int fd : {closed, -1, INT_MAX}) {
    const auto add = [this, fd] { op->add(fd, what::none, what::read); };
    EXPECT_EQ(error_of(add), std::errc::bad_file_descriptor);
    EXPECT_NE(message_of(add).find(std::to_string(fd)), std::string::npos);
  }

  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));
}

TEST_P(Eventop, WatchesManyDescriptors) {
  const std::array<pair, 100> fds;
  answer expected;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    op->add(fds[i].a(), what::none, what::read);
    if (i % 3 != 0) continue;
    fds[i].send();
    expected[fds[i].a()] = what::read;
  }

  EXPECT_EQ(turn(), expected);
}

TEST_P(Eventop, AHangupIsToldToAReader) {
  pipe_ends fds;
  op->add(fds.reader(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});

  fds.close_writer();

  EXPECT_TRUE(any(turn()[fds.reader()] & what::read));
}

TEST_P(Eventop, AHangupIsToldToAWriter) {
  pair fds;
  fill(fds.a());
  op->add(fds.a(), what::none, what::write);
  EXPECT_EQ(turn(), answer{});

  fds.close_b();

  EXPECT_TRUE(any(turn()[fds.a()] & what::write));
}

TEST_P(Eventop, AnErrorIsToldToAWriter) {
  if (keeps_ends_of_full_pipes(GetParam())) GTEST_SKIP() << "NetBSD's fault";
  pipe_ends fds;
  fill(fds.writer());
  op->add(fds.writer(), what::none, what::write);
  EXPECT_EQ(turn(), answer{});

  fds.close_reader();

  EXPECT_TRUE(any(turn()[fds.writer()] & what::write));
}

TEST_P(Eventop, AnErrorIsToldToAReader) {
  pipe_ends fds;
  op->add(fds.writer(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});

  fds.close_reader();

  EXPECT_TRUE(any(turn()[fds.writer()] & what::read));
}

TEST_P(Eventop, WaitsForEverWithoutATimeoutUnlessSomethingIsReady) {
  const pair fds;
  fds.send();
  op->add(fds.a(), what::none, what::read);

  EXPECT_EQ(turn(std::nullopt), (answer{{fds.a(), what::read}}));
}

TEST_P(Eventop, DoesNotWaitLessThanItsTimeout) {
  const pair fds;
  op->add(fds.a(), what::none, what::read);
  const auto begin = std::chrono::steady_clock::now();

  EXPECT_EQ(turn(1'200us), answer{});

  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1'200us);
}

TEST_P(Eventop, FindsNothingWhenItIsInterrupted) {
  const pair fds;
  op->add(fds.a(), what::none, what::read);
  {
    const interruptions now;
    EXPECT_EQ(turn(std::nullopt), answer{});
  }

  fds.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

/// Backends that hand all they watch to the kernel anew in each turn, and so
/// are told of a descriptor that was closed in between.
class EventopOfSets : public Eventop {};
INSTANTIATE_TEST_SUITE_P(Backends, EventopOfSets,
                         ::testing::Values("poll", "select"), backend_name);

TEST_P(EventopOfSets, GivesUpAClosedDescriptorAndSaysWhy) {
  pair bad;
  const pair good;
  const int fd = bad.a();
  op->add(fd, what::none, what::read);
  op->add(good.a(), what::none, what::write);

  bad.close_a();
  op->prepare();
  op->wait(std::nullopt);

  std::map<int, ready> found;
  for (const ready& r : op->collect()) found.emplace(r.fd, r);
  ASSERT_EQ(found.count(fd), 1u);
  EXPECT_EQ(found[fd].error, EBADF);
  EXPECT_EQ(found[fd].fired, what::unwatched);
  EXPECT_EQ(turn(), (answer{{good.a(), what::write}}));
}

TEST_P(EventopOfSets, GivesUpAllClosedDescriptorsAtOnce) {
  std::vector<int> numbers;
  {
    const std::array<pair, 3> bad;
    for (const pair& each : bad) {
      op->add(each.a(), what::none, what::read);
      op->add(each.b(), what::none, what::read | what::write);
      numbers.insert(numbers.end(), {each.a(), each.b()});
    }
  }
  op->prepare();
  op->wait(std::nullopt);

  std::map<int, int> errors;
  for (const ready& r : op->collect()) errors[r.fd] = r.error;
  std::map<int, int> expected;
  for (const int fd : numbers) expected[fd] = EBADF;
  EXPECT_EQ(errors, expected);
  EXPECT_EQ(turn(), answer{});
}

TEST_P(EventopOfSets, WhatIsGivenUpCanBeAddedAgain) {
  pair bad;
  const pair other;
  const int fd = bad.a();
  op->add(fd, what::none, what::read);
  bad.close_a();
  op->prepare();
  op->wait(std::nullopt);
  op->collect();

  ASSERT_EQ(::fcntl(other.a(), F_DUPFD, fd), fd);
  op->del(fd, what::read | what::write, what::read);
  EXPECT_EQ(turn(), answer{});
  op->add(fd, what::none, what::write);
  EXPECT_EQ(turn(), (answer{{fd, what::write}}));
  ::close(fd);
}

TEST_P(EventopOfSets, WhatIsAddedAfterPrepareWaitsForTheNextTurn) {
  const pair fds;

  op->prepare();
  op->add(fds.a(), what::none, what::write);
  op->wait(0ns);
  EXPECT_TRUE(op->collect().empty());

  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));
}

TEST_P(EventopOfSets, AnswersAsAskedWhateverIsAddedOrDeletedMeanwhile) {
  const std::array<pair, 3> fds;
  const pair late;
  answer expected;
  for (const pair& each : fds) {
    op->add(each.a(), what::none, what::write);
    expected[each.a()] = what::write;
  }

  op->prepare();
  op->wait(0ns);
  op->del(fds[0].a(), what::write, what::none);
  op->add(late.a(), what::none, what::write);

  answer found;
  for (const ready& r : op->collect()) found[r.fd] = r.fired;
  EXPECT_EQ(found, expected);
}

// Behind the number there may be another file than the backend was told of.
TEST_P(Eventop, AddOfWhatItWatchesAlreadyMakesSureOfIt) {
  pair first;
  const pair second;
  const int fd = first.a();
  op->add(fd, what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  first.close_a();
  ASSERT_EQ(::fcntl(second.a(), F_DUPFD, fd), fd);
  second.send();

  op->add(fd, what::read, what::read);

  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
  ::close(fd);
}

TEST_P(Eventop, AddsToANumberThatIsAnotherFilesByNow) {
  pair first;
  const pair second;
  const int fd = first.a();
  op->add(fd, what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  first.close_a();
  ASSERT_EQ(::fcntl(second.a(), F_DUPFD, fd), fd);

  op->add(fd, what::read, what::read | what::write);

  EXPECT_EQ(turn(), (answer{{fd, what::write}}));
  ::close(fd);
}

TEST_P(Eventop, ReinitWatchesWhatWasWatched) {
  const pair fds;
  const pair other;
  op->add(fds.a(), what::none, what::read | what::write);
  op->add(other.a(), what::none, what::read);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));

  op->reinit();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));

  op->del(fds.a(), what::read | what::write, what::read);
  fds.send();
  other.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}, {other.a(), what::read}}));
}

TEST_P(Eventop, ReinitWatchesNothingThatWasDeleted) {
  const pair fds;
  op->add(fds.a(), what::none, what::write);
  op->del(fds.a(), what::write, what::none);

  op->reinit();

  EXPECT_EQ(turn(), answer{});
}

TEST_P(Eventop, ReportsAfterReinitWhatIsGoneAndGivesItUp) {
  pair bad;
  const pair good;
  const int fd = bad.a();
  op->add(fd, what::none, what::read);
  op->add(good.a(), what::none, what::write);
  EXPECT_EQ(turn(), (answer{{good.a(), what::write}}));
  bad.close_a();

  op->reinit();
  op->prepare();
  op->wait(std::nullopt);

  std::map<int, ready> found;
  for (const ready& r : op->collect()) found.emplace(r.fd, r);
  ASSERT_EQ(found.count(fd), 1u);
  EXPECT_NE(found[fd].error, 0);
  EXPECT_EQ(found[fd].fired, what::unwatched);
  EXPECT_EQ(turn(), (answer{{good.a(), what::write}}));
}

TEST(EventopThreads, ABackendHasNoWayToWakeUnlessItSaysSo) {
  fake_kernel kernel;
  fake_eventop plain(kernel);
  eventop& backend = plain;

  EXPECT_FALSE(backend.add_notify());
  backend.notify();
  EXPECT_FALSE(backend.changes_at_once());
  EXPECT_TRUE(kernel.calls.empty());
  EXPECT_TRUE(kernel.waits.empty());
}

// As when another thread closes a descriptor, and opens one, during a wait.
TEST_P(Eventop, TakesForBadNoNumberThatIsAnotherFilesByNow) {
  pair first;
  const pair second;
  const pair other;
  const int fd = first.a();
  op->add(fd, what::none, what::read);
  op->add(other.a(), what::none, what::read);
  op->prepare();
  op->del(fd, what::read, what::none);
  first.close_a();
  op->wait(0ns);
  ASSERT_EQ(::fcntl(second.a(), F_DUPFD, fd), fd);
  op->add(fd, what::none, what::read);
  for (const ready& r : op->collect()) EXPECT_EQ(r.error, 0) << r.fd;

  second.send();

  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
  ::close(fd);
}

}  // namespace
}  // namespace evolve
