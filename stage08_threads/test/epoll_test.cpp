#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <sys/timerfd.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "evolve/epoll.h"
#include "evolve/event_base.h"
#include "evolve/eventop.h"
#include "evolve/unique_fd.h"
#include "test/child_process.h"
#include "test/denied.h"
#include "test/epoll_ctl_calls.h"
#include "test/interruptions.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/shortage.h"
#include "test/signals.h"
#include "test/thrown.h"

#ifdef __linux__

namespace evolve {
namespace {

/// What this program has asked of timers so far.
struct timerfd_calls {
  static inline std::atomic<int> count = 0;  ///< how often a timerfd was set
  static inline std::atomic<int> last_fd = -1;  ///< the timerfd set last
};

}  // namespace
}  // namespace evolve

/// Stands in the program for the C library's, and does what that does.
extern "C" int timerfd_settime(int fd, int flags, const itimerspec* wanted,
                               itimerspec* before) noexcept {
  ++evolve::timerfd_calls::count;
  evolve::timerfd_calls::last_fd = fd;
  return static_cast<int>(
      ::syscall(SYS_timerfd_settime, fd, flags, wanted, before));
}

namespace evolve {
namespace {

using namespace std::chrono_literals;

/// The number of the next descriptor.
int next_fd() {
  const int fd = ::dup(STDERR_FILENO);
  ::close(fd);
  return fd;
}

/// The backend by itself.
class Epoll : public ::testing::Test {
 protected:
  using answer = std::map<int, what>;  // what is ready, by descriptor

  /// One turn: waits, and tells what was found; what went bad, into errors.
  answer turn(std::optional<duration> timeout = 0ns) {
    op.prepare();
    op.wait(timeout);
    answer found;
    for (const ready& r : op.collect()) {
      EXPECT_TRUE(found.emplace(r.fd, r.fired).second) << r.fd << " again";
      if (r.error != 0) errors[r.fd] = r.error;
    }
    return found;
  }

  /// How long a turn takes in which nothing is found.
  duration quiet_turn(duration timeout) {
    const time_point before = clock::now();
    EXPECT_EQ(turn(timeout), answer{});
    return clock::now() - before;
  }

  /// The shortest of many such turns.
  duration shortest_turn(duration timeout) {
    duration shortest = duration::max();
    for (int i = 0; i < 50; ++i) {
      shortest = std::min(shortest, quiet_turn(timeout));
    }
    return shortest;
  }

  /// Which file `fd` leads to.
  static ino_t file_of(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
  }

  /// Does `work` where no epoll can be made. Whether it could be done.
  template <class F>
  static bool without_epoll(F work) {
    return without(SYS_epoll_create1, EMFILE, work);
  }

  /// Leaves a registration behind that no number leads to: of a duplicate, the
  /// number of which was closed and then deleted. It is ready.
  void make_ghost() {
    const int fd = ::dup(ghost.a());
    op.add(fd, what::none, what::read | what::write);
    ::close(fd);
    op.del(fd, what::read | what::write, what::none);
  }

  pair fds;
  pair ghost;
  std::map<int, int> errors;
  const int number = next_fd();  // of the epoll
  epoll op;
};

TEST_F(Epoll, IsAMethodWithAllThatAKernelCanRemember) {
  EXPECT_STREQ(make_eventop("epoll")->name(), "epoll");
  EXPECT_EQ(op.features(), feature::et | feature::o1 | feature::early_close);
}

TEST_F(Epoll, IsOneDescriptorThatIsNotInherited) {
  const int fd = next_fd();
  const std::vector<int> before = open_descriptors();
  {
    const epoll another;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(open_descriptors().size(), before.size() + 1);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Epoll, ThrowsAndIsPassedOverWhereThereIsNone) {
  std::error_code refusal;
  std::string instead;
  const bool done = without_epoll([&] {
    refusal = error_of([] { epoll(); });
    event_config config;
    config.set_flag(base_flag::ignore_env);
    config.require_features(feature::early_close);
    instead = config.make_eventop()->name();
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
  EXPECT_EQ(refusal, std::errc::too_many_files_open);
  EXPECT_EQ(instead, "poll");
}

TEST_F(Epoll, FindsMoreInEachTurnUntilItsArrayHoldsAll) {
  std::vector<int> copies;
  for (int i = 0; i < 600; ++i) {
    copies.push_back(::dup(fds.a()));
    ASSERT_NE(copies.back(), -1);
    op.add(copies.back(), what::none, what::write);
  }

  for (const std::size_t found : {256u, 512u, 600u, 600u}) {
    EXPECT_EQ(turn().size(), found);
  }
  for (const int fd : copies) ::close(fd);
}

TEST_F(Epoll, TakesNoFilesOnDisk) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const int fd = ::fileno(file);

  EXPECT_EQ(error_of([&] { op.add(fd, what::none, what::read); }),
            std::errc::operation_not_permitted);

  op.del(fd, what::read, what::none);
  EXPECT_EQ(turn(), answer{});
  std::fclose(file);
}

TEST_F(Epoll, TellsOfHalfACloseAndOfAWholeOne) {
  op.add(fds.a(), what::none, what::closed);
  ::shutdown(fds.b(), SHUT_WR);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::closed}}));

  fds.close_b();
  EXPECT_EQ(turn(), (answer{{fds.a(), any_io}}));
}

// The duplicate keeps the kernel's registration, under the number that comes
// back.
TEST_F(Epoll, AddsWhatTheKernelKnowsAlready) {
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read);
  ::close(fd);
  op.del(fd, what::read, what::none);
  ASSERT_EQ(::dup2(fds.a(), fd), fd);

  op.add(fd, what::none, what::write);

  EXPECT_EQ(turn(), (answer{{fd, what::write}}));
  EXPECT_EQ(turn(), (answer{{fd, what::write}}));
  ::close(fd);
}

TEST_F(Epoll, ChangesWhatTheKernelDoesNotKnowAnyMore) {
  const pair other;
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read | what::write);
  ASSERT_EQ(::dup2(other.a(), fd), fd);

  op.del(fd, what::read | what::write, what::write);

  EXPECT_EQ(turn()[fd], what::write);
  ::close(fd);
}

TEST_F(Epoll, RefusesToAddToANumberThatIsClosed) {
  const int fd = fds.a();
  op.add(fd, what::none, what::read);
  fds.close_a();

  const auto add = [&] { op.add(fd, what::read, what::read | what::write); };
  EXPECT_EQ(error_of(add), std::errc::bad_file_descriptor);
  EXPECT_NO_THROW(op.del(fd, what::read, what::none));
}

TEST_F(Epoll, SaysWhyAnotherLoopCannotWatchItAndCanBeAskedAgain) {
  std::error_code refused;
  const bool done = without(SYS_epoll_ctl, ENOMEM, [&] {
    refused = error_of([this] { op.backend_fd(); });
  });
  if (!done) GTEST_SKIP() << "no seccomp";
  EXPECT_EQ(refused, std::errc::not_enough_memory);

  op.add(fds.a(), what::none, what::read);
  fds.send();

  pollfd outer{op.backend_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&outer, 1, -1), 1);
}

/// Registrations that have outlived their descriptors.
class EpollGhosts : public Epoll {
 protected:
  /// A duplicate, by a number that is not given again when it is closed.
  static int high_copy(int fd) { return ::fcntl(fd, F_DUPFD, 200); }

  /// A turn in which ghosts cost more than a rebuild of a small table may.
  answer dear_turn() {
    const answer found = turn(1h);
    const time_point until = clock::now() + 300 * ghosts::limit;
    while (clock::now() < until) continue;
    return found;
  }
};

TEST_F(EpollGhosts, ComeToNobody) {
  make_ghost();
  EXPECT_EQ(dear_turn(), answer{});
}

TEST_F(EpollGhosts, DoNotEndASecondWait) {
  make_ghost();
  dear_turn();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_F(EpollGhosts, AreNotTakenForTheNextFileOfTheirNumber) {
  const int fd = next_fd();
  make_ghost();
  ASSERT_EQ(::fcntl(fds.a(), F_DUPFD, fd), fd);
  op.add(fd, what::none, what::read);

  EXPECT_EQ(dear_turn(), answer{});
  EXPECT_GE(quiet_turn(5ms), 5ms);

  fds.send();
  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
  ::close(fd);
}

TEST_F(EpollGhosts, OfAForkedChildDoNotEndASecondWait) {
  op.add(fds.a(), what::none, what::write);
  const int fd = fds.a();
  child_process holder([] {
    ::pause();
    return "";
  });
  fds.close_a();
  op.del(fd, what::write, what::none);

  EXPECT_EQ(dear_turn(), answer{});
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

// It may know that by its file, and not by its number.
TEST_F(EpollGhosts, LeaveTheDescriptorForAnotherLoop) {
  const unique_fd outer(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event interest{};
  interest.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, op.backend_fd(), &interest),
            0);
  const pair other;
  op.add(other.a(), what::none, what::read);
  make_ghost();
  dear_turn();
  EXPECT_GE(quiet_turn(5ms), 5ms);
  other.send();

  epoll_event found;
  EXPECT_EQ(::epoll_wait(outer.get(), &found, 1, -1), 1);
}

TEST_F(EpollGhosts, LeaveAllElseWatched) {
  const std::array<pair, 5> others;
  for (const pair& each : others) op.add(each.a(), what::none, what::read);
  make_ghost();
  EXPECT_EQ(dear_turn(), answer{});

  answer expected;
  for (const pair& each : others) {
    each.send();
    expected[each.a()] = what::read;
  }
  EXPECT_EQ(turn(), expected);
  for (const pair& each : others) op.del(each.a(), what::read, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollGhosts, ComeBesideWhatIsReady) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  make_ghost();
  EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(EpollGhosts, ReportInTheNextTurnWhatCannotBeWatchedAnew) {
  const int bad = high_copy(fds.a());
  op.add(bad, what::none, what::read);
  const pair quiet;
  op.add(quiet.a(), what::none, what::read);
  make_ghost();
  ::close(bad);
  EXPECT_EQ(dear_turn(), answer{});

  EXPECT_EQ(turn(std::nullopt), (answer{{bad, what::unwatched}}));
  EXPECT_EQ(errors, (std::map{std::pair(bad, EBADF)}));

  quiet.send();
  EXPECT_EQ(turn(), (answer{{quiet.a(), what::read}}));
}

TEST_F(EpollGhosts, ReportNothingThatIsWatchedAgainByThen) {
  const pair other;
  const int fd = high_copy(fds.a());
  op.add(fd, what::none, what::read);
  make_ghost();
  ::close(fd);
  EXPECT_EQ(dear_turn(), answer{});
  ASSERT_EQ(::dup2(other.a(), fd), fd);

  op.add(fd, what::read, what::read | what::write);

  EXPECT_EQ(turn(), (answer{{fd, what::write}}));
  EXPECT_EQ(errors, (std::map<int, int>{}));
  ::close(fd);
}

TEST_F(EpollGhosts, StayWhereThereIsNoDescriptorForAnotherEpoll) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  make_ghost();
  const bool done = without_epoll([this] {
    EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
    EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
  fds.receive();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_F(EpollGhosts, LetTheLoopSleepWhereTheyStay) {
  make_ghost();
  duration slept{0};
  const bool done = without_epoll([&] {
    EXPECT_EQ(dear_turn(), answer{});
    slept = quiet_turn(20ms);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  EXPECT_GE(slept, 20ms);
}

TEST_F(EpollGhosts, LetTheLoopSleepWhereTheyStayBesideAnEdgeThatWasTold) {
  fds.send();
  op.add(fds.a(), what::none, what::read | what::et);
  make_ghost();
  duration slept{0};
  const bool done = without_epoll([&] {
    EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
    slept = quiet_turn(1h);
    fds.send();
    EXPECT_EQ(dear_turn(), (answer{{fds.a(), what::read}}));
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  EXPECT_GE(slept, 10ms);
}

TEST_F(EpollGhosts, LetTheLoopSleepWhereTheyStayBesideAClosedDescriptor) {
  const int closed = high_copy(fds.a());
  op.add(closed, what::none, what::read);
  make_ghost();
  ::close(closed);  // a mistake: it is still watched
  duration slept{0};
  const bool done = without_epoll([&] {
    EXPECT_EQ(dear_turn(), answer{});
    slept = quiet_turn(1h);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  EXPECT_GE(slept, 10ms);
}

TEST_F(EpollGhosts, LeaveInTimeWhenThereIsADescriptorAgain) {
  make_ghost();
  const bool done = without_epoll([&] {
    EXPECT_EQ(dear_turn(), answer{});
    EXPECT_EQ(turn(0ns), answer{});
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  while (quiet_turn(500ms) < 500ms) continue;  // at most a few: 100 ms each
}

TEST_F(EpollGhosts, AreBorneWhereARebuildIsDearerThanTheyAre) {
  make_ghost();
  std::vector<unique_fd> others;
  for (int i = 0; i < 500; ++i) {
    others.emplace_back(::dup(fds.a()));
    op.add(others.back().get(), what::none, what::read);
  }
  EXPECT_EQ(dear_turn(), answer{});
  turn(0ns);  // with the rebuild, which tells the price

  int most = 0;  // of several, since a single turn may be as dear
  for (int ghosts = 0; ghosts < 20 && most < 2; ++ghosts) {
    make_ghost();
    int turns = 0;
    while (quiet_turn(1ms) < 1ms) ++turns;
    most = std::max(most, turns);
  }

  EXPECT_GE(most, 2);
  for (const unique_fd& each : others) {
    op.del(each.get(), what::read, what::none);
  }
}

TEST_F(EpollGhosts, AreAlsoWhatTheKernelWouldNotDelete) {
  const pair other;
  op.add(fds.a(), what::none, what::write);
  op.add(other.a(), what::none, what::read | what::write);
  const bool done = without(SYS_epoll_ctl, ENOMEM, [&] {
    op.del(fds.a(), what::write, what::none);
    op.del(other.a(), what::read | what::write, what::write);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  EXPECT_EQ(dear_turn(), (answer{{other.a(), what::unwatched}}));
  EXPECT_EQ(errors, (std::map{std::pair(other.a(), ENOMEM)}));
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_F(EpollGhosts, AreNotWhatAnotherThreadTakesOffDuringTheWait) {
  const pair other;
  op.add(fds.a(), what::none, what::write);
  op.add(other.a(), what::none, what::read);  // what is registered anew, if any
  op.prepare();
  op.wait(1h);
  op.del(fds.a(), what::write, what::none);
  EXPECT_TRUE(op.collect().empty());
  const time_point until = clock::now() + 300 * ghosts::limit;
  while (clock::now() < until) continue;

  const int before = epoll_ctl_calls::count;
  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(epoll_ctl_calls::count, before);
}

TEST_F(EpollGhosts, CallAnEventALastTimeThatCannotBeWatchedAnew) {
  const recorded_log log;
  event_base base("epoll");
  int calls = 0;
  event bad(base, fds.a(), what::read | what::persist, [&] { ++calls; });
  const int copy = ::dup(ghost.a());
  event gone(base, copy, what::write, [] { FAIL(); });
  bad.add();
  gone.add();
  ::close(copy);
  gone.del();
  fds.close_a();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(log.received().size(), 1u);
  base.self_check();
}

/// The number of the epoll, in this process and in a child.
class EpollNumber : public Epoll {
 protected:
  static bool is_epoll(int fd) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    std::array<char, 64> file = {};
    return ::readlink(link.c_str(), file.data(), file.size()) > 0 &&
           std::string_view(file.data()) == "anon_inode:[eventpoll]";
  }
};

TEST_F(EpollNumber, StaysTheSameWhenAllIsRegisteredAnew) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  make_ghost();
  const std::vector<int> before = open_descriptors();

  turn(1h);

  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(is_epoll(number));
  EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(EpollNumber, StaysTheSameInAChild) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  child_process child([this] {
    const std::vector<int> before = open_descriptors();
    op.reinit();
    return open_descriptors() == before && is_epoll(number) ? "same"
                                                            : "another";
  });
  EXPECT_EQ(child.says(), "same");
}

TEST_F(EpollNumber, MayBeClosedInAChild) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  child_process child([this] {
    ::close(number);
    op.reinit();
    return turn() == answer{{fds.a(), what::read}} ? "watched" : "not";
  });
  EXPECT_EQ(child.says(), "watched");
}

TEST_F(EpollNumber, MayBeAnotherFilesInAChild) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  child_process child([this] {
    ::dup2(ghost.a(), number);
    op.reinit();
    return turn() == answer{{fds.a(), what::read}} &&
                   file_of(number) == file_of(ghost.a())
               ? "both"
               : "one";
  });
  EXPECT_EQ(child.says(), "both");
}

TEST_F(EpollNumber, MayBeAnotherEpollsInAChild) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  child_process child([this] {
    ::dup2(unique_fd(::epoll_create1(0)).get(), number);
    op.reinit();
    if (turn() != answer{{fds.a(), what::read}}) return "not watched";
    epoll_event e{};
    if (::epoll_wait(number, &e, 1, 0) != 0) return "watched by both";
    return ::epoll_ctl(number, EPOLL_CTL_ADD, fds.a(), &e) == 0 ? "apart"
                                                                : "not";
  });
  EXPECT_EQ(child.says(), "apart");
}

// That nothing is left open can only be had where the number is shown to be the
// epoll's.
TEST_F(EpollNumber, IsLeftAloneInAChildWhereNothingIsWatched) {
  child_process child([this] {
    ::dup2(ghost.a(), number);
    op.reinit();
    return file_of(number) == file_of(ghost.a()) ? "left alone" : "closed";
  });
  EXPECT_EQ(child.says(), "left alone");
}

// Descriptors that are closed, and such as no epoll takes, show nothing.
TEST_F(EpollNumber, IsShownByAnyDescriptorThatIsStillWatched) {
  const unique_fd closed(::dup(ghost.a()));
  const unique_fd replaced(::dup(ghost.a()));
  const unique_fd last(::dup(fds.a()));
  for (const unique_fd* each : {&closed, &replaced, &last}) {
    op.add(each->get(), what::none, what::read);
  }
  child_process child([&] {
    std::FILE* const file = std::tmpfile();
    ::dup2(::fileno(file), replaced.get());
    ::close(closed.get());
    op.reinit();
    return is_epoll(number) ? "same" : "another";
  });
  EXPECT_EQ(child.says(), "same");
}

/// Waits that are no whole number of milliseconds.
class EpollWaits : public Epoll {
 protected:
  /// Does `work` where epoll_pwait2() fails with `error`.
  template <class F>
  static bool without_pwait2(int error, F work) {
#ifdef SYS_epoll_pwait2
    return without(SYS_epoll_pwait2, error, work);
#else
    return work(), true;
#endif
  }

  static int timers_set() {
    return timerfd_calls::count;
  }
};

TEST_F(EpollWaits, AreNeverTooShort) {
  for (const duration length : {1ns, 100'000ns, 999'999ns, 1'000'001ns}) {
    EXPECT_GE(quiet_turn(length), length);
  }
}

TEST_F(EpollWaits, AreNotRoundedUpToMilliseconds) {
  EXPECT_LT(shortest_turn(100us), 1ms);
}

TEST_F(EpollWaits, MayBeInterrupted) {
  const interruptions now;
  EXPECT_EQ(turn(10s + 1ns), answer{});
}

TEST_F(EpollWaits, EndWhenSomethingIsReady) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(1h + 1ns), (answer{{fds.a(), what::read}}));
}

/// The same on an old kernel, and in a sandbox.
class EpollFallback : public EpollWaits,
                      public ::testing::WithParamInterface<int> {
 protected:
  template <class F>
  static bool fallen_back(F work) {
    return without_pwait2(GetParam(), work);
  }
};
INSTANTIATE_TEST_SUITE_P(Errors, EpollFallback,
                         ::testing::Values(ENOSYS, EPERM, EACCES, EINVAL,
                                           EOPNOTSUPP),
                         [](const auto& test) {
                           return "Errno" + std::to_string(test.param);
                         });

TEST_P(EpollFallback, IsNeverTooShort) {
  const int before = timers_set();
  const bool done = fallen_back([this] {
    for (const duration length : {1ns, 100'000ns, 999'999ns, 1'000'001ns}) {
      EXPECT_GE(quiet_turn(length), length);
    }
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
  EXPECT_EQ(timers_set(), before + 4);
}

TEST_P(EpollFallback, IsNotRoundedUpToMilliseconds) {
  const bool done =
      fallen_back([this] { EXPECT_LT(shortest_turn(100us), 1ms); });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

// Between two looks at the clock a thread may be kept waiting; then the timer
// is set once more.
TEST_P(EpollFallback, SetsTheTimerOnlyWhenTheDeadlineHasChanged) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  const auto sets_in_100_turns = [this](duration later_each_time) {
    time_point deadline = clock::now() + 1h + 1ns;
    const int before = timers_set();
    for (int i = 0; i < 100; ++i) {
      turn((deadline += later_each_time) - clock::now());
    }
    return timers_set() - before;
  };
  const bool done = fallen_back([&] {
    EXPECT_LT(sets_in_100_turns(0s), 100);
    EXPECT_EQ(sets_in_100_turns(1s), 100);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, IsNotForWholeMilliseconds) {
  const int before = timers_set();
  const bool done = fallen_back([this] {
    EXPECT_GE(quiet_turn(2ms), 2ms);
    turn(0ns);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
  EXPECT_EQ(timers_set(), before);
}

TEST_P(EpollFallback, FindsNothingOfTheTimerItself) {
  const bool done = fallen_back([this] {
    quiet_turn(100us);
    EXPECT_GE(quiet_turn(2ms), 2ms);
    EXPECT_GE(quiet_turn(2ms), 2ms);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, OutlivesAGhost) {
  const bool done = fallen_back([this] {
    quiet_turn(100us);
    make_ghost();
    turn(1h);
    EXPECT_LT(shortest_turn(100us), 1ms);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, CanBeCancelled) {
  void* result = nullptr;
  const bool done = fallen_back([&] {
    quiet_turn(100us);
    pthread_t thread;
    const auto wait = [](void* backend) -> void* {
      static_cast<epoll*>(backend)->wait(10s + 1ns);
      return nullptr;
    };
    ASSERT_EQ(::pthread_create(&thread, nullptr, wait, &op), 0);
    ::pthread_cancel(thread);
    ::pthread_join(thread, &result);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
  EXPECT_EQ(result, PTHREAD_CANCELED);
}

TEST_P(EpollFallback, RoundsUpWhereThereIsNoTimerEither) {
  const bool done = fallen_back([this] {
    EXPECT_TRUE(deny(SYS_timerfd_create, EMFILE));
    EXPECT_GE(quiet_turn(1'100us), 2ms);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, LeavesAloneAnotherFileByTheNumberOfTheParentsTimer) {
  const bool done = fallen_back([this] {
    op.add(fds.a(), what::none, what::read);
    quiet_turn(100us);
    const int timer = timerfd_calls::last_fd;
    child_process child([&] {
      ::dup2(ghost.a(), timer);
      op.reinit();
      quiet_turn(100us);
      return file_of(timer) == file_of(ghost.a()) ? "left alone" : "closed";
    });
    EXPECT_EQ(child.says(), "left alone");
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, LeavesNothingOpenInAChild) {
  const bool done = fallen_back([this] {
    quiet_turn(100us);
    child_process child([this] {
      const std::vector<int> before = open_descriptors();
      op.reinit();
      quiet_turn(100us);
      return open_descriptors() == before ? "same" : "others";
    });
    EXPECT_EQ(child.says(), "same");
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

TEST_P(EpollFallback, LeavesToTheParentItsTimer) {
  const bool done = fallen_back([this] {
    fds.send();
    op.add(fds.a(), what::none, what::read);
    turn(2h + 1ns);
    const int timer = timerfd_calls::last_fd;
    child_process child([this] {
      op.reinit();
      turn(1h + 1ns);
      return "done";
    });
    EXPECT_EQ(child.says(), "done");
    itimerspec left{};
    EXPECT_EQ(::timerfd_gettime(timer, &left), 0);
    EXPECT_GT(left.it_value.tv_sec, 60 * 100);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
}

/// Memory that is short in a turn.
class EpollShortage : public Epoll {
 protected:
  /// How much is found by turns of which the first fails, if it allocates.
  std::size_t found_in(int turns) {
    shortage first(1);
    std::size_t found = 0;
    while (turns-- > 0) {
      first.during([&] {
        op.prepare();
        op.wait(0ns);
        found += op.collect().size();
      });
    }
    return found;
  }
};

TEST_F(EpollShortage, LosesNoEdge) {
  fds.send();
  op.add(fds.a(), what::none, what::read | what::et);

  EXPECT_EQ(found_in(2), 1u);
}

TEST_F(EpollShortage, LosesNothingWhenMoreIsReadyThanBefore) {
  std::vector<int> copies;
  for (int i = 0; i < 600; ++i) {
    copies.push_back(::dup(fds.a()));
    ASSERT_NE(copies.back(), -1);
    op.add(copies.back(), what::none, what::write | what::et);
  }

  std::size_t found = turn().size();
  for (int i = 0; i < 3; ++i) found += found_in(2);

  EXPECT_EQ(found, 600u);
  for (const int fd : copies) ::close(fd);
}

TEST_F(EpollShortage, LosesNothingThatWentBad) {
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read | what::write);
  ::close(fd);
  shortage first(1);
  first.during([&] { op.del(fd, what::read | what::write, what::write); });

  EXPECT_EQ(found_in(2), 1u);
  while (quiet_turn(5ms) < 5ms) continue;  // until a ghost's price is earned
}

/// What the backend throws.
class EpollErrors : public Epoll {};

TEST_F(EpollErrors, OfAWaitAreThrown) {
  const int fd = next_fd();
  epoll broken;
  ::close(fd);
  EXPECT_EQ(error_of([&] { broken.wait(0ns); }),
            std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of([&] { broken.wait(1ns); }),
            std::errc::bad_file_descriptor);
}

TEST_F(EpollErrors, OfADeletionAreToldByTheNextTurn) {
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read | what::write);
  ::close(fd);

  op.del(fd, what::read | what::write, what::write);

  EXPECT_EQ(turn(1h), (answer{{fd, what::unwatched}}));
  EXPECT_EQ(errors, (std::map{std::pair(fd, EBADF)}));
  op.del(fd, what::write, what::none);
}

TEST_F(EpollErrors, OfADeletionAreForgottenWhenItIsAddedAgain) {
  const pair other;
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read | what::write);
  ::close(fd);
  op.del(fd, what::read | what::write, what::write);
  ASSERT_EQ(::dup2(other.a(), fd), fd);

  op.add(fd, what::write, what::write);

  fds.close_b();
  EXPECT_EQ(turn(1h)[fd], what::write);
  EXPECT_EQ(errors, (std::map<int, int>{}));
  ::close(fd);
}

TEST_F(EpollErrors, OfADeletionCallTheOtherEventsALastTime) {
  const recorded_log log;
  event_base base("epoll");
  int calls = 0;
  event reads(base, fds.a(), what::read | what::persist, [&](what fired) {
    EXPECT_EQ(fired, what::unwatched);
    ++calls;
  });
  event writes(base, fds.a(), what::write | what::persist, [] { FAIL(); });
  reads.add();
  writes.add();
  const int duplicate = ::dup(fds.a());
  fds.close_a();
  writes.del();

  for (int i = 0; i < 3; ++i) base.loop(loop_flags::nonblock);

  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(log.received().size(), 1u);
  ::close(duplicate);
}

TEST_F(EpollErrors, OfReinitLeaveItAsItWas) {
  op.add(fds.a(), what::none, what::write);
  const bool done = without_epoll([this] {
    EXPECT_EQ(error_of([this] { op.reinit(); }),
              std::errc::too_many_files_open);
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";
  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));
}

#endif

#ifdef __linux__

TEST(EpollThreads, WhatIsAddedMeanwhileEndsTheWait) {
  const auto backend = make_eventop("epoll");
  EXPECT_TRUE(backend->changes_at_once());
  const pair fds;
  fds.send();
  backend->prepare();

  std::thread other([&] { backend->add(fds.a(), what::none, what::read); });
  backend->wait(std::nullopt);
  other.join();

  EXPECT_EQ(backend->collect().size(), 1u);
}

TEST(EpollThreads, WithAChangelistTheLoopHasToBeWoken) {
  EXPECT_FALSE(make_eventop("epoll (with changelist)")->changes_at_once());
}

// More of it than there is room for waits for the next turn.
TEST(EpollThreads, WhatGoesBadMeanwhileIsReportedWithoutMemory) {
  const auto backend = make_eventop("epoll");
  const pair fds;
  std::vector<int> copies;
  for (int i = 0; i < 600; ++i) {
    copies.push_back(::dup(fds.a()));
    ASSERT_NE(copies.back(), -1);
    backend->add(copies.back(), what::none, what::read | what::closed);
  }
  const auto turn = [&](auto meanwhile) {
    backend->prepare();
    backend->wait(0ns);
    std::thread(meanwhile).join();
    std::size_t lost = 0;
    EXPECT_TRUE(shortage(1).during([&] { lost = backend->collect().size(); }));
    return lost;
  };

  const std::size_t at_once = turn([&] {
    for (const int fd : copies) {
      ::close(fd);
      backend->del(fd, what::read | what::closed, what::closed);
    }
  });
  EXPECT_GT(at_once, 0u);
  EXPECT_EQ(at_once + turn([] {}), 600u);
}

TEST(EpollThreads, WhatIsDeletedMeanwhileIsNotReported) {
  const auto backend = make_eventop("epoll");
  const pair fds;
  fds.send();
  backend->add(fds.a(), what::none, what::read);
  backend->prepare();
  backend->wait(std::nullopt);

  std::thread([&] { backend->del(fds.a(), what::read, what::none); }).join();

  EXPECT_EQ(backend->collect().size(), 0u);
}

}  // namespace
}  // namespace evolve

#endif
