#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/fd.h"
#include "evolve/kqueue.h"
#include "evolve/unique_fd.h"
#include "test/child_process.h"
#include "test/descriptor_limit.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/recorded_log.h"
#include "test/shortage.h"
#include "test/signals.h"
#include "test/tcp_pair.h"
#include "test/thrown.h"

namespace evolve {
namespace {

#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)

using namespace std::chrono_literals;

/// The backend by itself.
class Kqueue : public ::testing::Test {
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

  /// The answer that follows, when it has told of what it watches already.
  answer next_turn() {
    turn();
    return turn();
  }

  pair fds;
  std::map<int, int> errors;
  kqueue op;
};

/// The descriptors that there are more than in `before`.
std::vector<int> opened_since(const std::vector<int>& before) {
  std::vector<int> more;
  for (const int fd : open_descriptors()) {
    if (std::find(before.begin(), before.end(), fd) == before.end()) {
      more.push_back(fd);
    }
  }
  return more;
}

TEST_F(Kqueue, CanDoAllThatABackendCan) {
  EXPECT_EQ(op.features(),
            feature::et | feature::o1 | feature::fds | feature::early_close);
}

TEST_F(Kqueue, IsOneDescriptorThatIsNotInherited) {
  const std::vector<int> before = open_descriptors();
  {
    const kqueue another;
    const std::vector<int> own = opened_since(before);
    ASSERT_EQ(own.size(), 1u);
    EXPECT_NE(::fcntl(own.front(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Kqueue, ThrowsWhereThereIsNone) {
  std::exception_ptr refusal;
  try {
    const descriptor_limit none(0);
    if (!none.set()) GTEST_SKIP() << "the system sets no such limit";
    kqueue();
  } catch (...) {
    refusal = std::current_exception();
  }
  ASSERT_TRUE(refusal);
  EXPECT_EQ(error_of([&] { std::rethrow_exception(refusal); }),
            std::errc::too_many_files_open);
}

TEST_F(Kqueue, WatchesFilesOnDisk) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::fputs("x", file);
  std::rewind(file);
  const int fd = ::fileno(file);

  op.add(fd, what::none, what::read);

  EXPECT_EQ(turn(), (answer{{fd, what::read}}));
  std::fclose(file);
}

// On NetBSD, EVFILT_READ is 0, too.
TEST_F(Kqueue, WatchesDescriptorZero) {
  const unique_fd kept(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  ASSERT_EQ(::dup2(fds.a(), STDIN_FILENO), STDIN_FILENO);

  op.add(STDIN_FILENO, what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  fds.send();
  EXPECT_EQ(turn(), (answer{{STDIN_FILENO, what::read}}));
  op.del(STDIN_FILENO, what::read, what::none);
  EXPECT_EQ(turn(), answer{});

  kept ? ::dup2(kept.get(), STDIN_FILENO) : ::close(STDIN_FILENO);
}

// What is asked for between two waits goes along with the second.

TEST_F(Kqueue, DoesNothingForWhatIsAddedAndDeletedInOneRound) {
  fds.send();
  op.add(fds.a(), what::none, what::read | what::write);
  op.del(fds.a(), what::read | what::write, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(Kqueue, WatchesWhatIsDeletedAndAddedInOneRound) {
  op.add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  op.del(fds.a(), what::read, what::none);
  op.add(fds.a(), what::none, what::read);
  fds.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(Kqueue, FindsOnceWhatIsAddedTwiceInOneRound) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  op.add(fds.a(), what::read, what::read);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));

  op.del(fds.a(), what::read, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(Kqueue, ChangesFromEdgesToLevelsInOneRound) {
  fds.send();
  op.add(fds.a(), what::none, what::read | what::et);
  ASSERT_EQ(next_turn(), answer{});

  op.del(fds.a(), what::read | what::et, what::none);
  op.add(fds.a(), what::none, what::read);

  EXPECT_EQ(next_turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(Kqueue, ChangesFromLevelsToEdgesInOneRound) {
  fds.send();
  op.add(fds.a(), what::none, what::read);
  ASSERT_EQ(next_turn(), (answer{{fds.a(), what::read}}));

  op.del(fds.a(), what::read, what::none);
  op.add(fds.a(), what::none, what::read | what::et);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
  EXPECT_EQ(turn(), answer{});
}

TEST_F(Kqueue, TakesAndGivesAnyNumberInOneTurn) {
  const descriptor_limit enough(512);
  if (!enough.set()) GTEST_SKIP() << "the system does not let so many be open";
  std::vector<unique_fd> copies;
  for (int i = 0; i < 300; ++i) {
    copies.emplace_back(::dup(fds.a()));
    ASSERT_TRUE(copies.back());
    op.add(copies.back().get(), what::none, what::write);
  }
  EXPECT_EQ(turn().size(), 300u);
  while (turn().size() < 300) continue;  // with no new report

  for (const unique_fd& fd : copies) {
    op.del(fd.get(), what::write, what::none);
  }
  EXPECT_EQ(turn(), answer{});
}

// A descriptor that is closed.

TEST_F(Kqueue, TellsOfWhatIsClosedBetweenAddAndWait) {
  const int fd = fds.a();
  op.add(fd, what::none, what::read);
  fds.close_a();

  EXPECT_EQ(turn(), (answer{{fd, what::unwatched}}));
  EXPECT_EQ(errors, (std::map<int, int>{{fd, EBADF}}));
  EXPECT_EQ(next_turn(), answer{});
}

TEST_F(Kqueue, IsSilentAboutWhatIsClosedAndDeletedBetweenAddAndWait) {
  const int fd = fds.a();
  op.add(fd, what::none, what::read | what::write);
  fds.close_a();
  op.del(fd, what::read | what::write, what::none);

  EXPECT_EQ(turn(), answer{});
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_F(Kqueue, WatchesInTheWaitWhateverHasTheNumberByThen) {
  const pair other;
  const unique_fd fd(::dup(fds.a()));
  op.add(fd.get(), what::none, what::read);
  ASSERT_EQ(::dup2(other.a(), fd.get()), fd.get());
  other.send();
  EXPECT_EQ(turn(), (answer{{fd.get(), what::read}}));
}

TEST_F(Kqueue, HearsNothingOfACopyOfWhatIsClosed) {
  const int fd = ::dup(fds.a());
  op.add(fd, what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  ::close(fd);
  fds.send();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

/// What the backend says of an end.
class KqueueEnds : public Kqueue {
 protected:
  /// Connects to an address without a listener.
  static unique_fd refused() {
    unique_fd asks(::socket(AF_INET, SOCK_STREAM, 0));
    ::fcntl(asks.get(), F_SETFL, O_NONBLOCK);
    tcp_socket there;
    there.fd = unique_fd();  // some systems do not answer for a silent owner
    const socklen_t size = sizeof there.address;
    EXPECT_EQ(::connect(asks.get(), there.where(), size), -1);
    return asks;
  }
};

TEST_F(KqueueEnds, OfHalfAConnectionConcernTheReaderOnly) {
  op.add(fds.a(), what::none, what::write);
  ::shutdown(fds.b(), SHUT_WR);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::write}}));

  op.add(fds.a(), what::write, what::write | what::closed);
  EXPECT_EQ(turn(), (answer{{fds.a(), any_io}}));
}

TEST_F(KqueueEnds, AreToldOfBeforeAllIsReadAndAfter) {
  op.add(fds.a(), what::none, what::read);
  fds.send("last words");
  ::shutdown(fds.b(), SHUT_WR);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read | what::closed}}));

  EXPECT_EQ(fds.receive(), "last words");
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read | what::closed}}));
}

TEST_F(KqueueEnds, AreWaitedForInPeaceWhateverIsUnread) {
  op.add(fds.a(), what::none, what::closed);
  fds.send();
  turn();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_F(KqueueEnds, AreToldOfInEachTurnAlsoWithSomethingUnread) {
  op.add(fds.a(), what::none, what::closed);
  fds.send();
  turn();
  ::shutdown(fds.b(), SHUT_WR);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(any(turn()[fds.a()] & what::closed)) << i;
  }
}

TEST_F(KqueueEnds, AreEdgesForWhoWaitsForEdges) {
  op.add(fds.a(), what::none, what::closed | what::et);
  ::shutdown(fds.b(), SHUT_WR);
  EXPECT_TRUE(any(turn()[fds.a()] & what::closed));
  EXPECT_EQ(turn(), answer{});
}

TEST_F(KqueueEnds, KeepUnreadDataLevelForWhoReadsToo) {
  op.add(fds.a(), what::none, what::closed);
  op.add(fds.a(), what::closed, what::closed | what::read);
  fds.send();
  EXPECT_EQ(next_turn(), (answer{{fds.a(), what::read}}));

  op.del(fds.a(), what::closed | what::read, what::closed);
  turn();
  EXPECT_EQ(turn(), answer{});
}

TEST_F(KqueueEnds, AreAlsoConnectionsThatAreRefused) {
  const unique_fd asks = refused();
  op.add(asks.get(), what::none, what::write);
  EXPECT_EQ(turn(5s), (answer{{asks.get(), any_io}}));
}

TEST_F(KqueueEnds, AreAlsoPipesThatLoseTheirReader) {
  pipe_ends ends;
  op.add(ends.writer(), what::none, what::write);
  EXPECT_EQ(turn(), (answer{{ends.writer(), what::write}}));
  ends.close_reader();
  EXPECT_EQ(turn(), (answer{{ends.writer(), any_io}}));
}

// Some systems tell of it in each turn; some tell once, and then refuse it.
TEST_F(KqueueEnds, OfAPipesReaderAreToldOfUntilTheWriterIsWatchedNoMore) {
  pipe_ends ends;
  op.add(ends.writer(), what::none, what::write);
  turn();
  ends.close_reader();
  for (int i = 0; i < 3 && errors.empty(); ++i) {
    const answer found = turn();
    const what told = errors.empty() ? any_io : what::unwatched;
    EXPECT_EQ(found, (answer{{ends.writer(), told}})) << i;
  }
}

// Some systems refuse to watch it, and some do not.
TEST_F(KqueueEnds, AreAlsoPipesThatHaveLostTheirReaderBefore) {
  pipe_ends ends;
  ends.close_reader();
  op.add(ends.writer(), what::none, what::write);
  const answer found = turn();
  const what told = errors.empty() ? any_io : what::unwatched;
  EXPECT_EQ(found, (answer{{ends.writer(), told}}));
}

/// Memory that is short during a turn.
class KqueueShortage : public Kqueue {
 protected:
  /// That many descriptors, of two files: sets of sets, as a stand-in for the
  /// kernel has them, may hold one file some hundred times at most.
  std::vector<unique_fd> copies(std::size_t count) {
    std::vector<unique_fd> made(count);
    for (std::size_t at = 0; at < count; ++at) {
      made[at] = unique_fd(::dup(at % 2 == 0 ? fds.a() : fds.b()));
    }
    return made;
  }

  /// How much `own` finds, if the `nth` allocation from the wait on fails.
  static std::size_t found(kqueue& own, int nth = 1) {
    own.prepare();
    shortage at_once(nth);
    std::size_t found = 0;
    EXPECT_TRUE(at_once.during([&] {
      own.wait(0ns);
      found = own.collect().size();
    }));
    return found;
  }
};

// A stand-in for the kernel has all that it needs in the second round.
TEST_F(KqueueShortage, FromTheWaitOnDoesNotMatterWhateverIsFound) {
  const std::vector<unique_fd> all = copies(240);
  if (!all.back()) GTEST_SKIP() << "the system does not let so many be open";
  ::shutdown(fds.a(), SHUT_RDWR);
  for (const int nth : {1'000'000, 1}) {
    kqueue own;
    for (std::size_t at = 0; at < all.size(); ++at) {
      own.add(all[at].get(), what::none, any_io);
      if (at % 60 == 0) found(own, nth);
    }
    while (found(own, nth) < all.size() && !HasFailure()) continue;
  }
}

TEST_F(KqueueShortage, BeforeTheWaitLosesNothing) {
  const std::vector<unique_fd> all = copies(100);
  for (int nth = 1;; ++nth) {
    kqueue own;
    for (const unique_fd& fd : all) own.add(fd.get(), what::none, what::write);
    shortage once(nth);
    while (!once.during([&own] { own.prepare(); })) continue;
    own.wait(0ns);
    EXPECT_EQ(own.collect().size(), all.size());
    if (!once.came()) break;
  }
}

TEST_F(KqueueShortage, LosesNothingThatReinitHasToSay) {
  for (int nth = 1;; ++nth) {
    std::vector<unique_fd> gone = copies(3);
    kqueue own;
    for (const unique_fd& fd : gone) own.add(fd.get(), what::none, what::read);
    gone.clear();
    shortage once(nth);
    while (!once.during([&own] { own.reinit(); })) continue;
    EXPECT_EQ(found(own), 3u);
    if (!once.came()) break;
  }
}

// Signals, which the kernel tells of.

class KqueueSignals : signals_restored, public Kqueue {
 protected:
  event noted(event_base& where, int signo, char who) {
    return event::signal(where, signo, [this, who] { trace += who; });
  }

  event_base base{std::make_unique<kqueue>()};
  std::string trace;  // the events that were called
};

TEST_F(KqueueSignals, AreFoundByNumberUntilDeleted) {
  const counting_handler harmless(SIGUSR1);
  EXPECT_TRUE(op.add_signal(SIGUSR1));
  EXPECT_EQ(turn(), answer{});
  for (int i = 0; i < 2; ++i) {
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(turn(), (answer{{SIGUSR1, what::signal}}));
    EXPECT_EQ(turn(), answer{});
  }
  op.del_signal(SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(turn(), answer{});
}

TEST_F(KqueueSignals, AreFoundOnceAndAtLeastOneIsCounted) {
  const counting_handler harmless(SIGUSR1);
  op.add_signal(SIGUSR1);
  for (int i = 0; i < 3; ++i) ::kill(::getpid(), SIGUSR1);
  op.prepare();
  op.wait(0ns);

  const std::span<const ready> found = op.collect();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GE(found.front().count, 1);
  EXPECT_LE(found.front().count, 3);
  op.del_signal(SIGUSR1);
}

TEST_F(KqueueSignals, AreHeardOfBeforeTheNextWait) {
  const counting_handler harmless(SIGUSR1);
  op.add_signal(SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(turn(), (answer{{SIGUSR1, what::signal}}));
  op.del_signal(SIGUSR1);
}

TEST_F(KqueueSignals, OfBeforeTheAddAreForgotten) {
  const counting_handler handler(SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  op.add_signal(SIGUSR1);
  EXPECT_EQ(turn(), answer{});
  op.del_signal(SIGUSR1);
}

TEST_F(KqueueSignals, EndTheWaitWheneverTheyCome) {
  event usr1 = event::signal(base, SIGUSR1, [this] { base.loopbreak(); });
  usr1.add();
  for (int i = 0; i < 100; ++i) {
    std::thread sender([] { ::kill(::getpid(), SIGUSR1); });
    base.dispatch();
    sender.join();
  }
}

TEST_F(KqueueSignals, OfAChildAreItsOwnAfterReinit) {
  event usr1 = noted(base, SIGUSR1, '1');
  usr1.add();
  child_process child([this] {
    base.reinit();
    ::kill(::getpid(), SIGUSR1);
    base.loop(loop_flags::once);
    return trace;
  });
  EXPECT_EQ(child.says(), "1");

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "");
  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once);
  EXPECT_EQ(trace, "1");
}

// A harmless one whose number is no open descriptor's; 0 if there is none.
int signal_of_no_descriptor() {
  for (const int signo : {SIGUSR1, SIGUSR2, SIGURG, SIGWINCH, SIGALRM, SIGPROF,
                          SIGVTALRM, SIGCHLD, SIGCONT, SIGHUP}) {
    if (::fcntl(signo, F_GETFD) == -1) return signo;
  }
  return 0;
}

TEST_F(KqueueSignals, AreNotTakenForDescriptorsOfTheirNumber) {
  const int number = signal_of_no_descriptor();
  ASSERT_GT(number, 0);
  const counting_handler harmless(number);
  const unique_fd same(::dup2(fds.a(), number));
  ASSERT_EQ(same.get(), number);
  op.add(number, what::none, what::read);
  op.add_signal(number);
  ::kill(::getpid(), number);
  fds.send();
  op.prepare();
  op.wait(0ns);

  what fired = what::none;
  int found = 0;
  for (const ready& r : op.collect()) {
    EXPECT_EQ(r.fd, number);
    fired |= r.fired;
    ++found;
  }
  EXPECT_EQ(found, 2);
  EXPECT_EQ(fired, what::read | what::signal);
  op.del_signal(number);
}

// Some kernels would take their numbers.
TEST_F(KqueueSignals, AreNotAllNumbers) {
  for (const int number : {-1, 0, NSIG, 999}) {
    event none = noted(base, number, '?');
    EXPECT_EQ(error_of([&] { none.add(); }), std::errc::invalid_argument);
    EXPECT_EQ(none.pending(), what::none);
  }
}

TEST_F(KqueueSignals, NeedNoPipe) {
  const std::vector<int> before = open_descriptors();
  event usr1 = noted(base, SIGUSR1, '1');
  usr1.add();
  EXPECT_EQ(open_descriptors(), before);

  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once);
  EXPECT_EQ(trace, "1");
}

TEST_F(KqueueSignals, CallAllTheirEvents) {
  event first = noted(base, SIGUSR1, '1');
  event second = noted(base, SIGUSR1, '2');
  event other = noted(base, SIGUSR2, 'o');
  for (event* ev : {&first, &second, &other}) ev->add();
  first.del();  // which leaves the signal watched
  first.add();

  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once | loop_flags::nonblock);

  EXPECT_EQ(trace, "21");
}

TEST_F(KqueueSignals, TellOfChildrenThatHaveEnded) {
  event chld = noted(base, SIGCHLD, 'c');
  chld.add();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  base.loop(loop_flags::once);
  EXPECT_EQ(trace, "c");
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(KqueueSignals, AreToldToAllBases) {
  event_base another(std::make_unique<kqueue>());
  event here = noted(base, SIGUSR1, 'h');
  event there = noted(another, SIGUSR1, 't');
  here.add();
  there.add();

  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once);
  another.loop(loop_flags::once);
  EXPECT_EQ(trace, "ht");

  there.del();
  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once);
  another.loop(loop_flags::nonblock);
  EXPECT_EQ(trace, "hth");
}

TEST_F(KqueueSignals, AreTheHandlersAgainAfterTheLastEvent) {
  const counting_handler handler(SIGUSR1);
  event usr1 = noted(base, SIGUSR1, '1');
  usr1.add();
  usr1.del();
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(handler.calls(), 1);
}

TEST_F(KqueueSignals, AreTheHandlersAgainWhenTheBaseHasGone) {
  const counting_handler handler(SIGUSR1);
  auto goes = std::make_unique<event_base>(std::make_unique<kqueue>());
  event usr1 = noted(*goes, SIGUSR1, '1');
  usr1.add();
  goes.reset();
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(handler.calls(), 1);
}

/// In a child, the parent's kqueue is not there, and its number may be taken.
class KqueueAfterFork : public Kqueue {
 protected:
  /// What it finds last in a turn.
  static what watched(kqueue& own) {
    own.prepare();
    own.wait(0ns);
    const std::span<const ready> found = own.collect();
    return found.empty() ? what::none : found.back().fired;
  }

  /// What is open under the kqueue's number in a child, when the backend has
  /// done `work` there.
  std::string left_in_child(const std::function<void(kqueue&)>& work) {
    const std::vector<int> before = open_descriptors();
    auto own = std::make_unique<kqueue>();
    const int number = opened_since(before).at(0);
    child_process child([&] {
      ::dup2(fds.a(), number);
      work(*own.release());
      fds.send();
      char byte = '-';
      const bool there = ::read(number, &byte, 1) == 1;
      return there ? std::string(1, byte) : "closed";
    });
    return child.says();
  }
};

TEST_F(KqueueAfterFork, TheChildClosesNothingOfThatNumber) {
  EXPECT_EQ(left_in_child([](kqueue& own) { delete &own; }), "x");
}

TEST_F(KqueueAfterFork, ReinitClosesNothingOfThatNumber) {
  EXPECT_EQ(left_in_child([](kqueue& own) { own.reinit(); }), "x");
}

// As one does that becomes a daemon.
TEST_F(KqueueAfterFork, ReinitIsGoodForAChildThatHasClosedAll) {
  const std::vector<int> before = open_descriptors();
  kqueue own;
  const pair old;
  own.add(old.a(), what::none, what::read);
  const std::vector<int> all = opened_since(before);
  child_process child([&] {
    for (const int fd : all) ::close(fd);
    own.reinit();
    const pair fresh;
    fresh.send();
    own.add(fresh.a(), what::none, what::read);
    return watched(own) == what::read ? "good" : "deaf";
  });
  EXPECT_EQ(child.says(), "good");
}

TEST_F(KqueueAfterFork, ReinitIsGoodInAProcessThatHasClosedTheQueue) {
  const std::vector<int> before = open_descriptors();
  kqueue own;
  ::close(opened_since(before).at(0));

  own.reinit();

  fds.send();
  own.add(fds.a(), what::none, what::read);
  EXPECT_EQ(watched(own), what::read);
}

TEST_F(KqueueAfterFork, ReinitClosesNothingThatHasGotTheNumberSince) {
  const std::vector<int> before = open_descriptors();
  kqueue own;
  const int number = opened_since(before).at(0);
  const unique_fd file(::dup2(fds.a(), number));

  own.reinit();

  EXPECT_TRUE(is_open(number));
}

TEST_F(KqueueAfterFork, TheParentsGoesOnWhenTheChildHasDestroyedItsCopy) {
  auto own = std::make_unique<kqueue>();
  own->add(fds.a(), what::none, what::read);
  child_process child([&] {
    own.reset();
    return "gone";
  });
  EXPECT_EQ(child.says(), "gone");

  fds.send();
  own->prepare();
  own->wait(5s);
  EXPECT_EQ(own->collect().size(), 1u);
}

TEST_F(KqueueAfterFork, ReinitCanBeTriedAgain) {
  op.add(fds.a(), what::none, what::read);
  fds.send();
  child_process child([this] {
    try {
      const descriptor_limit none(0);
      if (!none.set()) return "later";
      op.reinit();
      return "at once";
    } catch (const std::system_error&) {
      op.reinit();
    }
    return turn() == answer{{fds.a(), what::read}} ? "later" : "lost";
  });
  EXPECT_EQ(child.says(), "later");
}

#ifdef __linux__

/// What no kernel does on demand, the stand-in for it does.
class fake_kevent {
 public:
  using entry = struct ::kevent;
  using call = std::function<int(std::span<const entry> changes,
                                 std::span<entry> events)>;

  /// Answers every call.
  explicit fake_kevent(call answer) {
    answer_ = std::move(answer);
    kqueue_on_epoll_hook = ask;
  }

  /// Refuses each change with `flag` that `filter` is to make, with `error`.
  fake_kevent(int filter, int flag, int error) {
    refuse_ = [=](const entry& change) {
      return change.filter == filter && (change.flags & flag) ? error : -1;
    };
    kqueue_on_epoll_hook = pass;
  }
  ~fake_kevent() { kqueue_on_epoll_hook = nullptr; }

  /// How long it was to wait when it was asked last.
  std::time_t seconds() const { return seconds_; }

  fake_kevent(const fake_kevent&) = delete;
  fake_kevent& operator=(const fake_kevent&) = delete;

 private:
  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  static int ask(int, const entry* changes, int n, entry* events, int room,
                 const timespec* timeout) {
    if (timeout) seconds_ = timeout->tv_sec;
    return answer_({changes, size(n)}, {events, size(room)});
  }

  // As the BSDs do: makes all changes; tells of those that failed alone.
  static int pass(int kq, const entry* changes, int n, entry* events, int room,
                  const timespec* timeout) {
    kqueue_on_epoll_hook = nullptr;
    int errors = 0;
    for (const entry& wanted : std::span(changes, size(n))) {
      const int error = apply(kq, wanted);
      if (error < 0) continue;
      if (errors == room) return errno = error, -1;
      events[errors] = wanted;
      events[errors].flags = EV_ERROR;
      events[errors++].data = error;
    }
    if (errors == 0) errors = ::kevent(kq, nullptr, 0, events, room, timeout);
    kqueue_on_epoll_hook = pass;
    return errors;
  }

  // The error; -1 if there is none.
  static int apply(int kq, const entry& wanted) {
    const timespec at_once = {0, 0};
    if (const int error = refuse_(wanted); error >= 0) return error;
    return ::kevent(kq, &wanted, 1, nullptr, 0, &at_once) == 0 ? -1 : errno;
  }

  static inline call answer_;
  static inline std::time_t seconds_ = 0;
  static inline std::function<int(const entry&)> refuse_;
};

/// Whether a backend can be made where kevent() answers like that.
std::string made_where(fake_kevent::call answer) {
  const fake_kevent fake(std::move(answer));
  return message_of([] { kqueue(); });
}

using changes = std::span<const fake_kevent::entry>;
using events = std::span<fake_kevent::entry>;

TEST_F(Kqueue, IsNotMadeWhereErrorsAreNotToldOf) {
  const std::vector<int> before = open_descriptors();
  const std::string refusal = made_where([](changes, events) { return 0; });
  EXPECT_NE(refusal.find("kqueue does not tell of errors"), std::string::npos)
      << refusal;
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Kqueue, IsNotMadeWhereABadDescriptorIsReady) {
  EXPECT_NE(made_where([](changes asked, events told) {
              told[0] = asked[0];
              return 1;
            }),
            "");
}

TEST_F(Kqueue, IsNotMadeWhereABadDescriptorFailsTheWholeCall) {
  EXPECT_NE(made_where([](changes, events) { return errno = EBADF, -1; }), "");
}

// Some kernels leave the change's own flags there, and some do not.
TEST_F(Kqueue, IsMadeWhateverComesWithTheError) {
  EXPECT_EQ(made_where([](changes asked, events told) {
              told[0] = asked[0];
              told[0].flags |= EV_ERROR;
              told[0].data = EBADF;
              return 1;
            }),
            "");
}

TEST_F(Kqueue, ThrowsWhatTheSystemSaysOfAWait) {
  const fake_kevent fake([](changes, events) { return errno = ENOMEM, -1; });
  EXPECT_EQ(error_of([this] { turn(); }), std::errc::not_enough_memory);
}

TEST_F(Kqueue, TellsAgainWhatItHasToldInAWaitThatFailed) {
  op.add(fds.a(), what::none, what::read);
  {
    const fake_kevent fake([](changes, events) { return errno = ENOMEM, -1; });
    EXPECT_EQ(error_of([this] { turn(); }), std::errc::not_enough_memory);
  }
  fds.send();
  EXPECT_EQ(turn(), (answer{{fds.a(), what::read}}));
}

TEST_F(Kqueue, WaitsForADayAtATime) {
  const fake_kevent fake([](changes, events) { return 0; });
  turn(duration::max());
  EXPECT_EQ(fake.seconds(), 24 * 60 * 60);
}

TEST_F(Kqueue, FindsAnEndWithAnErrorToBeTheWholeConnections) {
  op.add(fds.a(), what::none, what::read);
  const fake_kevent fake([this](changes, events told) {
    told[0] = {};
    told[0].ident = static_cast<std::uintptr_t>(fds.a());
    told[0].filter = EVFILT_READ;
    told[0].flags = EV_EOF;
    told[0].fflags = ECONNRESET;
    return 1;
  });
  EXPECT_EQ(turn(), (answer{{fds.a(), any_io}}));
}

/// Changes that the kernel refuses, for whatever reason.
class KqueueRefusals : public Kqueue,
                       public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Errors, KqueueRefusals,
                         ::testing::Values(ENOENT, EBADF, EINVAL, EPIPE, EPERM,
                                           ENOMEM));

TEST_P(KqueueRefusals, OfAnAddAreReportedAndTheDescriptorIsGivenUp) {
  const fake_kevent fake(EVFILT_READ, EV_ADD, GetParam());
  op.add(fds.a(), what::none, what::read);

  EXPECT_EQ(turn(), (answer{{fds.a(), what::unwatched}}));
  EXPECT_EQ(errors, (std::map<int, int>{{fds.a(), GetParam()}}));

  fds.send();
  EXPECT_EQ(turn(), answer{});
}

TEST_P(KqueueRefusals, OfADelAreNobodysBusiness) {
  op.add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  const fake_kevent fake(EVFILT_READ, EV_DELETE, GetParam());

  op.del(fds.a(), what::read, what::none);

  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(errors.size(), 0u);
}

TEST_P(KqueueRefusals, OfOneFilterLeaveTheOtherUnwatched) {
  fds.send();
  {
    const fake_kevent fake(EVFILT_WRITE, EV_ADD, GetParam());
    op.add(fds.a(), what::none, what::read | what::write | what::et);
    EXPECT_EQ(turn(), (answer{{fds.a(), what::unwatched}}));
  }
  turn();
  EXPECT_GE(quiet_turn(5ms), 5ms);

  op.add(fds.a(), what::none, what::read);
  EXPECT_EQ(next_turn(), (answer{{fds.a(), what::read}}));
}

TEST_P(KqueueRefusals, OfOneFilterLeaveNothingOfTheOther) {
  {
    const fake_kevent fake(EVFILT_WRITE, EV_ADD, GetParam());
    op.add(fds.a(), what::none, what::read | what::write);
    EXPECT_EQ(turn(), (answer{{fds.a(), what::unwatched}}));
  }
  turn();
  fds.send();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_P(KqueueRefusals, OfAnAdditionalFilterLeaveTheFirstUnwatched) {
  op.add(fds.a(), what::none, what::read);
  EXPECT_EQ(turn(), answer{});
  const fake_kevent fake(EVFILT_WRITE, EV_ADD, GetParam());
  op.add(fds.a(), what::read, what::read | what::write);
  EXPECT_EQ(turn(), (answer{{fds.a(), what::unwatched}}));

  fds.send();
  turn();
  EXPECT_GE(quiet_turn(5ms), 5ms);
}

TEST_P(KqueueRefusals, LeaveAloneWhatWasDeletedMeanwhile) {
  const fake_kevent fake(EVFILT_READ, EV_ADD, GetParam());
  op.add(fds.a(), what::none, what::read);
  op.del(fds.a(), what::read, what::none);
  EXPECT_EQ(turn(), answer{});
}

TEST_P(KqueueRefusals, ComeBesideWhatIsReady) {
  const fake_kevent fake(EVFILT_READ, EV_ADD, GetParam());
  op.add(fds.a(), what::none, what::read);
  op.add(fds.b(), what::none, what::write);
  EXPECT_EQ(turn(),
            (answer{{fds.a(), what::unwatched}, {fds.b(), what::write}}));
  EXPECT_EQ(errors.size(), 1u);
}

TEST_P(KqueueRefusals, OfASignalAreThrownAndLeaveItToTheProgram) {
  const counting_handler handler(SIGUSR1);
  event_base base(std::make_unique<kqueue>());
  event usr1 = event::signal(base, SIGUSR1, [] { FAIL(); });
  const fake_kevent fake(EVFILT_SIGNAL, EV_ADD, GetParam());

  EXPECT_EQ(error_of([&] { usr1.add(); }).value(), GetParam());

  EXPECT_EQ(usr1.pending(), what::none);
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(handler.calls(), 1);
}

// As of a receipt, which was not asked for.
TEST_F(Kqueue, IgnoresAnErrorThatIsNone) {
  const fake_kevent fake(EVFILT_WRITE, EV_ADD, 0);
  op.add(fds.a(), what::none, what::write);
  EXPECT_EQ(turn(), answer{});
  EXPECT_EQ(errors.size(), 0u);
}

TEST_F(Kqueue, TellsOfAnyNumberOfRefusalsBesideWhatIsReady) {
  const fake_kevent fake(EVFILT_READ, EV_ADD, EPERM);
  std::vector<unique_fd> copies;
  for (int i = 0; i < 200; ++i) {
    copies.emplace_back(::dup(fds.a()));
    op.add(copies.back().get(), what::none, i % 2 ? what::write : what::read);
  }
  EXPECT_EQ(turn().size(), 200u);
  EXPECT_EQ(errors.size(), 100u);
  EXPECT_EQ(turn().size(), 100u);
}

TEST_F(Kqueue, CallsAnEventALastTimeThatIsRefused) {
  const recorded_log log;
  event_base base(std::make_unique<kqueue>());
  std::string trace;
  event reads(base, fds.a(), what::read | what::persist,
              [&](what fired) { trace += to_string(fired); });
  const fake_kevent fake(EVFILT_READ, EV_ADD, EPERM);

  reads.add();

  EXPECT_EQ(base.dispatch(), loop_result::no_events);
  EXPECT_EQ(trace, "unwatched");
  EXPECT_EQ(log.received().size(), 1u);
}

TEST_F(KqueueShortage, FromTheWaitOnDoesNotMatterWhateverIsRefused) {
  const std::vector<unique_fd> all = copies(100);
  const fake_kevent fake(EVFILT_READ, EV_ADD, EPERM);
  for (const int nth : {1'000'000, 1}) {
    kqueue own;
    for (const unique_fd& fd : all) own.add(fd.get(), what::none, any_io);
    EXPECT_EQ(found(own, nth), all.size());
  }
}

/// A writer whose pipe's reader goes is refused in the turn after.
class KqueueWriter : public ::testing::TestWithParam<what> {};
INSTANTIATE_TEST_SUITE_P(Modes, KqueueWriter,
                         ::testing::Values(what::none, what::et),
                         [](const auto& mode) {
                           return any(mode.param) ? "Edges" : "Levels";
                         });

TEST_P(KqueueWriter, IsCalledALastTimeWhenItsReaderHasGone) {
  const recorded_log log;
  event_base base(std::make_unique<kqueue>());
  pipe_ends ends;
  std::vector<what> told;
  event writes(base, ends.writer(), what::write | what::persist | GetParam(),
               [&](what fired) {
                 told.push_back(fired & ~what::et);
                 ends.close_reader();
               });
  writes.add();

  for (int i = 0; i < 4; ++i) base.loop(loop_flags::nonblock);

  EXPECT_EQ(told, (std::vector{what::write, what::write, what::unwatched}));
  EXPECT_EQ(writes.pending(), what::none);
  EXPECT_EQ(log.received().size(), 1u);
}

#endif
#endif

}  // namespace
}  // namespace evolve
