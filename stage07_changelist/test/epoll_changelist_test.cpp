#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "evolve/epoll_changelist.h"
#include "evolve/event_base.h"
#include "evolve/unique_fd.h"
#include "test/child_process.h"
#include "test/epoll_ctl_calls.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/recorded_log.h"
#include "test/thrown.h"

namespace evolve {
namespace {

#ifdef __linux__

using namespace std::chrono_literals;

/// Has `fd` lead to a file on disk, which no epoll takes.
void make_regular_file(int fd) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::dup2(::fileno(file), fd), fd);
  std::fclose(file);
}

/// The backend by itself.
class EpollChangelist : public ::testing::Test {
 protected:
  using answer = std::map<int, what>;  // what is ready, by descriptor

  /// One turn: waits, and tells what was found; what went bad, into errors.
  answer turn(duration timeout = 0ns) {
    op.prepare();
    op.wait(timeout);
    answer found;
    for (const ready& r : op.collect()) {
      EXPECT_TRUE(found.emplace(r.fd, r.fired).second) << r.fd << " again";
      if (r.error != 0) errors[r.fd] = r.error;
    }
    return found;
  }

  void add(int fd, what old, what now) { op.add(fd, old, now); }
  void del(int fd, what old, what now) { op.del(fd, old, now); }

  /// Deletes what is watched for reading, and adds it again.
  void del_and_add(int fd) {
    del(fd, what::read, what::none);
    add(fd, what::none, what::read);
  }

  /// How often the kernel is told of something in `work` and the turn after it.
  template <class F>
  int calls_of(F work) {
    const int before = epoll_ctl_calls::count;
    work();
    turn();
    return epoll_ctl_calls::count - before;
  }

  pair fds;
  pair other;
  std::map<int, int> errors;
  epoll_changelist op;
};

TEST_F(EpollChangelist, IsAMethodOfItsOwnThatCanDoTheSame) {
  const auto made = make_eventop("epoll (with changelist)");
  EXPECT_STREQ(made->name(), "epoll (with changelist)");
  EXPECT_EQ(made->features(), make_eventop("epoll")->features());
}

TEST_F(EpollChangelist, TellsOfTheFirstAdditionAtOnce) {
  const int before = epoll_ctl_calls::count;
  add(fds.a(), what::none, what::read);
  EXPECT_EQ(epoll_ctl_calls::count, before + 1);
}

TEST_F(EpollChangelist, RefusesAFileOnDiskAtOnce) {
  const int fd = ::dup(fds.a());
  make_regular_file(fd);

  EXPECT_EQ(error_of([&] { add(fd, what::none, what::read); }),
            std::errc::operation_not_permitted);

  EXPECT_EQ(turn(), answer{});
  ::close(fd);
}

TEST_F(EpollChangelist, RefusesAClosedDescriptorAtOnce) {
  const int known = fds.a();
  add(known, what::none, what::read);
  del(known, what::read, what::none);
  turn();
  fds.close_a();

  for (const int fd : {known, 100'000}) {
    EXPECT_EQ(error_of([&] { add(fd, what::none, what::read); }),
              std::errc::bad_file_descriptor);
  }
  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollChangelist, TellsOfAllElseBeforeItWaits) {
  fds.send();
  add(fds.a(), what::none, what::write);
  add(fds.a(), what::write, what::read | what::write);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read | what::write}}));

  del(fds.a(), what::read | what::write, what::read);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));

  del(fds.a(), what::read, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollChangelist, TellsOfEachDescriptorOnce) {
  add(fds.a(), what::none, what::read);
  add(other.a(), what::none, what::read);

  EXPECT_EQ(calls_of([this] {
              add(fds.a(), what::read, what::read | what::write);
              add(other.a(), what::read, what::read | what::write);
              del(fds.a(), what::read | what::write, what::write);
              add(other.a(), what::read | what::write, any_io);
            }),
            2);
  EXPECT_EQ(calls_of([] {}), 0);
}

TEST_F(EpollChangelist, TellsNothingWhenWriteWasSwitchedOnAndOff) {
  add(fds.a(), what::none, what::read);

  EXPECT_EQ(calls_of([this] {
              add(fds.a(), what::read, what::read | what::write);
              del(fds.a(), what::read | what::write, what::read);
            }),
            0);

  fds.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(EpollChangelist, AsksOnceAfterADeletionAndAnAddition) {
  add(fds.a(), what::none, what::read);

  EXPECT_EQ(calls_of([this] { del_and_add(fds.a()); }), 1);

  fds.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(EpollChangelist, AsksOnceAfterManyOfThem) {
  add(fds.a(), what::none, what::read);
  EXPECT_EQ(calls_of([this] {
              for (int i = 0; i < 16; ++i) del_and_add(fds.a());
            }),
            1);
}

TEST_F(EpollChangelist, AsksWhenWhatIsWatchedIsAddedAgain) {
  add(fds.a(), what::none, what::read);
  ASSERT_EQ(::dup2(other.a(), fds.a()), fds.a());

  EXPECT_EQ(calls_of([this] { add(fds.a(), what::read, what::read); }), 2);

  other.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(EpollChangelist, TellsOfADeletionOnce) {
  add(fds.a(), what::none, what::read);
  EXPECT_EQ(calls_of([this] { del(fds.a(), what::read, what::none); }), 1);
  EXPECT_EQ(calls_of([] {}), 0);
}

TEST_F(EpollChangelist, LeavesAloneWhatIsNotWatched) {
  EXPECT_EQ(calls_of([this] {
              del(fds.a(), what::read, what::none);
              del(100'000, what::read, what::none);
            }),
            0);
}

TEST_F(EpollChangelist, TellsNothingWhenItGoes) {
  const int before = epoll_ctl_calls::count;
  {
    epoll_changelist brief;
    brief.add(fds.a(), what::none, what::read);
    brief.del(fds.a(), what::read, what::none);
  }
  EXPECT_EQ(epoll_ctl_calls::count, before + 1);
}

/// More than a list has room for, at first.
class EpollChangelistOfMany : public EpollChangelist {
 protected:
  static constexpr int many = 100;

  EpollChangelistOfMany() {
    for (int i = 0; i < many; ++i) {
      made.emplace_back(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      add(made.back().get(), what::none, what::read);
    }
    EXPECT_EQ(turn().size(), std::size_t{many});
  }

  std::vector<unique_fd> made;  // readable and writable
};

TEST_F(EpollChangelistOfMany, TellsAtOnceWhatThereIsNoRoomFor) {
  const int before = epoll_ctl_calls::count;
  for (const unique_fd& fd : made) del(fd.get(), what::read, what::none);
  const int at_once = epoll_ctl_calls::count - before;

  EXPECT_GT(at_once, 0);
  EXPECT_LT(at_once, many);
  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(epoll_ctl_calls::count, before + many);
}

TEST_F(EpollChangelistOfMany, HasRoomForAllAfterSomeTurns) {
  int at_once = 1;
  for (int i = 0; at_once > 0 && i < 10; ++i) {
    const int before = epoll_ctl_calls::count;
    for (const unique_fd& fd : made) del(fd.get(), what::read, what::none);
    for (const unique_fd& fd : made) add(fd.get(), what::none, what::read);
    at_once = epoll_ctl_calls::count - before;
    EXPECT_EQ(turn().size(), std::size_t{many});
  }
  EXPECT_EQ(at_once, 0);
}

TEST_F(EpollChangelistOfMany, WatchesWhatIsWantedWhateverWasToldAtOnce) {
  std::mt19937 random(1);
  std::vector<what> wanted(many, what::read);
  const std::array choice{what::none, what::read, what::write,
                          what::read | what::write};
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 500; ++i) {
      const std::size_t at = random() % many;
      const int fd = made[at].get();
      const what now = choice[random() % choice.size()];
      const bool less = !any(now & ~wanted[at]);
      less ? del(fd, wanted[at], now) : add(fd, wanted[at], now);
      wanted[at] = now;
    }
    answer expected;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      if (any(wanted[at])) expected.emplace(made[at].get(), wanted[at]);
    }
    ASSERT_EQ(turn(), expected) << "round " << round;
  }
  EXPECT_TRUE(errors.empty());
}

TEST_F(EpollChangelist, ReportsWhatHasBecomeAFileOnDisk) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  make_regular_file(fd);
  del_and_add(fd);

  EXPECT_EQ(turn(10s), (answer{{fd, what::unwatched}}));
  EXPECT_EQ(errors, (std::map{std::pair(fd, EPERM)}));
}

TEST_F(EpollChangelist, ReportsWhatHasBeenClosed) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  del_and_add(fd);
  fds.close_a();

  EXPECT_EQ(turn(10s), (answer{{fd, what::unwatched}}));
  EXPECT_EQ(errors, (std::map{std::pair(fd, EBADF)}));
}

TEST_F(EpollChangelist, ReportsAnErrorOnceAndWatchesNoMore) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  del_and_add(fd);
  fds.close_a();
  turn();

  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(calls_of([&] { del(fd, what::read, what::none); }), 0);
}

TEST_F(EpollChangelist, ReportsNoErrorOfWhatWasDeleted) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  del(fd, what::read, what::none);
  fds.close_a();

  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(errors, (std::map<int, int>{}));
}

TEST_F(EpollChangelist, GoesOnAfterAnError) {
  const pair third;
  for (const int fd : {fds.a(), other.a(), third.a()}) {
    add(fd, what::none, what::read);
    del_and_add(fd);
    add(fd, what::read, what::read | what::write);
  }
  const int bad = other.a();
  other.close_a();

  EXPECT_EQ(turn(), (answer{{fds.a(), what::write},
                            {bad, what::unwatched},
                            {third.a(), what::write}}));
}

TEST_F(EpollChangelist, WatchesAgainWhatWentBadAndIsAddedAnew) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  make_regular_file(fd);
  del_and_add(fd);
  turn();
  ASSERT_EQ(::dup2(other.a(), fd), fd);

  add(fd, what::none, what::read);

  other.send();
  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
}

TEST_F(EpollChangelist, ReportsOnceWhatIsRefusedASecondTimeBeforeTheWait) {
  const int fd = fds.a();
  add(fd, what::none, what::read);
  turn();
  add(fd, what::read, what::read | what::write);
  fds.close_a();

  op.reinit();

  EXPECT_EQ(turn(10s), (answer{{fd, what::unwatched}}));
  EXPECT_EQ(turn(), answer{});
}

// Both files stay open; the kernel has a registration of each, under the same
// number.
TEST_F(EpollChangelist, TellsApartTwoFilesThatHaveANumberByTurns) {
  const unique_fd number(::dup(fds.a()));
  const int fd = number.get();
  const auto move_to = [&](int file) {
    del(fd, what::read, what::none);
    ASSERT_EQ(::dup2(file, fd), fd);
    add(fd, what::none, what::read);
    EXPECT_EQ(turn(), answer{});
  };
  add(fd, what::none, what::read);
  move_to(other.a());
  move_to(fds.a());

  other.send();
  EXPECT_EQ(turn(10s), answer{});

  fds.send();
  EXPECT_EQ(turn(10s), (answer{{fd, what::read}}));
}

// The kernel still has the old file under the number, with the generation that
// was the last when the turn began. So its report answers for nothing.
TEST_F(EpollChangelist, IsNotAnsweredByAReportOfTheFileBefore) {
  const unique_fd number(::dup(fds.a()));
  const int fd = number.get();
  add(fd, what::none, what::read);
  turn();

  del(fd, what::read, what::none);
  ASSERT_EQ(::dup2(other.a(), fd), fd);
  add(fd, what::none, what::read);
  fds.send();
  EXPECT_EQ(turn(), answer{});

  other.send();
  EXPECT_EQ(turn(10s), (answer{{fd, what::read}}));
}

/// Edges through the changes: what the kernel takes for a new one is reported.
class EpollChangelistEdges : public EpollChangelist {
 protected:
  static constexpr what edges = what::read | what::et;

  EpollChangelistEdges() { fds.send(); }

  const answer readable{{fds.a(), what::read}};
};

TEST_F(EpollChangelistEdges, AreReportedOnce) {
  add(fds.a(), what::none, edges);
  EXPECT_EQ(turn(), readable);
  EXPECT_EQ(turn(), answer{});
  fds.send();
  EXPECT_EQ(turn(), readable);
}

// As with a plain epoll, where the addition makes a new registration.
TEST_F(EpollChangelistEdges, AreMadeAnewByADeletionAndAnAddition) {
  add(fds.a(), what::none, edges);
  turn();

  del(fds.a(), edges, what::none);
  add(fds.a(), what::none, edges);

  EXPECT_EQ(turn(), readable);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollChangelistEdges, AreNotMadeByAChangeThatIsTakenBack) {
  add(fds.a(), what::none, edges);
  turn();

  add(fds.a(), edges, edges | what::closed);
  del(fds.a(), edges | what::closed, edges);

  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollChangelistEdges, TakeThePlaceOfLevelsBetweenTwoWaits) {
  add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(), readable);
  EXPECT_EQ(turn(), readable);

  del(fds.a(), what::read, what::none);
  add(fds.a(), what::none, edges);

  EXPECT_EQ(turn(), readable);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(EpollChangelistEdges, MakePlaceForLevelsBetweenTwoWaits) {
  add(fds.a(), what::none, edges);
  EXPECT_EQ(turn(), readable);

  del(fds.a(), edges, what::none);
  add(fds.a(), what::none, what::read);

  EXPECT_EQ(turn(), readable);
  EXPECT_EQ(turn(), readable);
}

/// What has changed, and the kernel has not been told, when another epoll takes
/// the place of the old one.
class EpollChangelistAnew : public EpollChangelist {};

TEST_F(EpollChangelistAnew, KeepsWhatIsToBeTold) {
  const pair third;
  fds.send();
  third.send();
  for (const int fd : {fds.a(), other.a(), third.a()}) {
    add(fd, what::none, what::read);
  }
  turn();
  del(fds.a(), what::read, what::none);
  add(other.a(), what::read, what::read | what::write);
  del_and_add(third.a());

  op.reinit();

  EXPECT_EQ(turn(),
            (answer{{other.a(), what::write}, {third.a(), what::read}}));
  EXPECT_EQ(errors, (std::map<int, int>{}));
}

TEST_F(EpollChangelistAnew, TellsTheParentsEpollNothing) {
  fds.send();
  add(fds.a(), what::none, what::read);
  turn();
  del(fds.a(), what::read, what::none);
  child_process child([this] {
    op.reinit();
    return turn() == answer{} ? "quiet" : "not quiet";
  });
  EXPECT_EQ(child.says(), "quiet");

  add(fds.a(), what::none, what::read);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

/// After begin(), and until this goes, the kernel takes no more registrations.
class no_room_in_the_kernel {
 public:
  no_room_in_the_kernel() = default;
  ~no_room_in_the_kernel() { epoll_ctl_calls::refusal = 0; }
  no_room_in_the_kernel(const no_room_in_the_kernel&) = delete;
  no_room_in_the_kernel& operator=(const no_room_in_the_kernel&) = delete;

  void begin() const { epoll_ctl_calls::refusal = ENOSPC; }
};

/// A base with events on it.
class EventsOnEpollChangelist : public ::testing::Test {
 protected:
  pair fds;
  pair other;
  std::string trace;
  event_base base{"epoll (with changelist)"};
  event a{base, fds.a(), what::read | what::persist, [this] { trace += 'a'; }};
  event b{base, other.a(), what::read | what::persist,
          [this] { trace += 'b'; }};
};

// What the parent has noted at the fork is told by the parent alone.
TEST_F(EventsOnEpollChangelist, OfTheParentStayWatchedWhenAChildHasClosedMany) {
  std::vector<unique_fd> made;
  std::list<event> many;
  for (int i = 0; i < 100; ++i) {
    made.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    many.emplace_back(base, made.back().get(), what::read | what::persist,
                      [] {});
    many.back().add();
  }
  a.add();
  base.loop(loop_flags::nonblock);
  a.del();
  pipe_ends go;
  child_process child([&] {
    pollfd told{go.reader(), POLLIN, 0};
    ::poll(&told, 1, -1);
    made.clear();
    base.reinit();
    return "is done";
  });
  a.add();
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(::write(go.writer(), "x", 1), 1);
  EXPECT_EQ(child.says(), "is done");

  fds.send();
  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "a");
}

TEST_F(EventsOnEpollChangelist, HearOnceOfWhatTheKernelRefusesLater) {
  const recorded_log log;
  a.add();
  make_regular_file(fds.a());
  a.del();
  a.add();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  EXPECT_EQ(trace, "a");
  EXPECT_EQ(a.pending(), what::none);
  ASSERT_EQ(log.received().size(), 1u);
  EXPECT_EQ(log.received()[0].second,
            "epoll (with changelist): descriptor " + std::to_string(fds.a()) +
                " is taken off: Operation not permitted");
}

// As when a client dials again, and the new socket has the old one's number. Its
// event is not to be taken for a connection that has been made.
TEST_F(EventsOnEpollChangelist, HearOnlyThatTheyAreNotWatchedOfARefusal) {
  const recorded_log log;
  const no_room_in_the_kernel later;
  a.add();
  base.loop(loop_flags::nonblock);
  a.del();
  ASSERT_EQ(::dup2(other.a(), fds.a()), fds.a());
  event dials(base, fds.a(), what::write,
              [this](what fired) { trace += to_string(fired); });

  dials.add();
  later.begin();
  base.dispatch();

  EXPECT_EQ(trace, "unwatched");
  EXPECT_EQ(dials.pending(), what::none);
}

TEST_F(EventsOnEpollChangelist, HearItAllWhenOneWouldHaveMoreThanTheyHad) {
  const recorded_log log;
  const no_room_in_the_kernel later;
  const auto told = [this](what fired) { trace += to_string(fired) + ' '; };
  event reads(base, fds.a(), what::read | what::persist, told);
  event writes(base, fds.a(), what::write | what::persist, told);
  reads.add();
  base.loop(loop_flags::nonblock);
  ASSERT_EQ(::dup2(other.a(), fds.a()), fds.a());

  writes.add();
  later.begin();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "unwatched unwatched ");
  EXPECT_EQ(log.received().size(), 1u);
}

TEST_F(EventsOnEpollChangelist, GoOnBesideOneThatTheKernelRefuses) {
  const recorded_log log;
  a.add();
  b.add();
  other.send();
  make_regular_file(fds.a());
  a.del();
  a.add();
  for (int i = 0; i < 2; ++i) base.loop(loop_flags::once);

  EXPECT_EQ(std::count(trace.begin(), trace.end(), 'a'), 1);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), 'b'), 2);
}

TEST_F(EventsOnEpollChangelist, AreRefusedAtOnceWhenTheyAreTheFirst) {
  make_regular_file(fds.a());
  EXPECT_EQ(error_of([this] { a.add(); }), std::errc::operation_not_permitted);
  EXPECT_EQ(a.pending(), what::none);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_F(EventsOnEpollChangelist, CostACallEachTimeTheyAreCalledAndAddedAgain) {
  int calls = 0;
  event once(base, fds.a(), what::read, [&] {
    if (++calls < 10) once.add();
  });
  fds.send();
  once.add();
  const int before = epoll_ctl_calls::count;

  base.dispatch();

  EXPECT_EQ(calls, 10);
  EXPECT_EQ(epoll_ctl_calls::count, before + 9);
}

TEST_F(EventsOnEpollChangelist, MayBeLeftByABaseThatGoes) {
  {
    event_base brief("epoll (with changelist)");
    event kept(brief, fds.a(), what::read, [] { FAIL(); });
    event deleted(brief, other.a(), what::read, [] { FAIL(); });
    kept.add();
    deleted.add();
    brief.loop(loop_flags::nonblock);
    kept.del();
    kept.add();
    deleted.del();
  }
  fds.send();
  other.send();
  a.add();
  b.add();
  base.loop(loop_flags::once);
  EXPECT_EQ(trace, "ab");
}

TEST_F(EventsOnEpollChangelist, HearOnceOfWhatReinitCannotWatch) {
  const recorded_log log;
  a.add();
  make_regular_file(fds.a());
  a.del();
  a.add();

  base.reinit();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "a");
  EXPECT_EQ(log.received().size(), 1u);
}

TEST_F(EventsOnEpollChangelist, AreWatchedOnANumberThatIsReopenedAfterReinit) {
  const recorded_log log;
  // No other will have this number, although reinit() leaves its old one open
  // in a process that is not a child.
  const int fd = ::fcntl(fds.a(), F_DUPFD, 1000);
  event ev(base, fd, what::read, [this] { trace += 'e'; });
  ev.add();
  ev.del();
  ::close(fd);

  base.reinit();
  ASSERT_EQ(::dup2(other.a(), fd), fd);
  ev.add();
  other.send();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "e");
  EXPECT_EQ(log.received(), recorded_log::lines{});
  ::close(fd);
}

// The kernel has not been told of the deletion; but no event waits any more.
TEST_F(EventsOnEpollChangelist, AreNotLoggedWhenDeletedBeforeReinit) {
  const recorded_log log;
  a.add();
  b.add();
  base.loop(loop_flags::nonblock);
  a.del();
  fds.close_a();

  base.reinit();
  other.send();
  base.loop(loop_flags::once);

  EXPECT_EQ(trace, "b");
  EXPECT_EQ(log.received(), recorded_log::lines{});
}

/// The same events on the same pipes, on two bases, and what they are called
/// for in each turn.
class twins {
 public:
  twins() {
    for (std::size_t k = 0; k < pipes; ++k) open(k);
  }

  ~twins() {
    for (const side& s : sides_) {
      for (const auto& ev : s.events) ev->del();
    }
    for (int fd = first_fd; fd < first_fd + int{2 * pipes}; ++fd) ::close(fd);
  }
  twins(const twins&) = delete;
  twins& operator=(const twins&) = delete;

  /// A change that is done to both.
  void step(std::mt19937& random) {
    const std::size_t which = random() % (4 * pipes);
    const std::size_t pipe = which / 4;
    const auto writer = first_fd + static_cast<int>(2 * pipe + 1);
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        return add(which);
      case 3:
      case 4:
        return del(which);
      case 5:
        return fill_in(writer);
      case 6:
        return drain(writer - 1);
      default:
        return reopen(pipe, random() % 2 == 0);
    }
  }

  /// A turn of both: which events are called, and for what, in order of names.
  std::array<std::vector<std::string>, 2> turn() {
    std::array<std::vector<std::string>, 2> called;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      sides_[i].base.loop(loop_flags::nonblock);
      called[i] = std::move(sides_[i].called);
      sides_[i].called.clear();
      std::sort(called[i].begin(), called[i].end());
    }
    return called;
  }

 private:
  static constexpr std::size_t pipes = 4;
  static constexpr int first_fd = 200;  // above the numbers that others get

  struct side {
    explicit side(const char* method) : base(method) {
      for (int n = 0; n < int{4 * pipes}; ++n) make_event(n);
    }

    // Two on each end: one is called once, the other again and again.
    void make_event(int n) {
      const what mode = (n % 4 < 2 ? what::read : what::write) |
                        (n % 2 ? what::persist : what::none);
      events.push_back(std::make_unique<event>(
          base, first_fd + n / 2, mode, [this, n](what fired) {
            called.push_back(std::to_string(n) + ' ' + to_string(fired));
          }));
    }

    event_base base;
    std::vector<std::string> called;
    std::vector<std::unique_ptr<event>> events;
  };

  void add(std::size_t which) {
    for (side& s : sides_) s.events[which]->add();
  }
  void del(std::size_t which) {
    for (side& s : sides_) s.events[which]->del();
  }

  // Another pipe gets the numbers; the old one may be kept open.
  void reopen(std::size_t pipe, bool keep) {
    for (std::size_t i = 0; i < 4; ++i) del(4 * pipe + i);
    const int fd = first_fd + static_cast<int>(2 * pipe);
    if (keep) kept_.emplace_back(::dup(fd));
    if (keep) kept_.emplace_back(::dup(fd + 1));
    if (kept_.size() > 8) kept_.clear();
    open(pipe);
  }

  void open(std::size_t pipe) {
    const pipe_ends fresh;
    const int fd = first_fd + static_cast<int>(2 * pipe);
    ASSERT_EQ(::dup2(fresh.reader(), fd), fd);
    ASSERT_EQ(::dup2(fresh.writer(), fd + 1), fd + 1);
  }

  static void fill_in(int writer) { EXPECT_EQ(::write(writer, "x", 1), 1); }

  static void drain(int reader) {
    std::array<char, 256> part;
    while (::read(reader, part.data(), part.size()) > 0) continue;
  }

  std::vector<unique_fd> kept_;  // what is still open of what was replaced
  std::array<side, 2> sides_{side("epoll"), side("epoll (with changelist)")};
};

/// Random work on both methods on epoll; the seed says which.
class BothOnEpoll : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, BothOnEpoll, ::testing::Range(1u, 21u));

TEST_P(BothOnEpoll, CallTheSameEventsTurnByTurn) {
  std::mt19937 random(GetParam());
  twins both;
  std::size_t called = 0;
  for (int turn = 0; turn < 300; ++turn) {
    for (auto steps = random() % 8; steps > 0; --steps) both.step(random);
    const auto [plain, merged] = both.turn();
    ASSERT_EQ(plain, merged) << "seed " << GetParam() << ", turn " << turn;
    called += plain.size();
  }
  EXPECT_GT(called, 300u) << "seed " << GetParam();
}

#endif

}  // namespace
}  // namespace evolve
