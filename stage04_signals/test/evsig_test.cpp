#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/evsig.h"
#include "evolve/log.h"
#include "test/backends.h"
#include "test/descriptor_limit.h"
#include "test/fake_eventop.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/recorded_log.h"
#include "test/signals.h"
#include "test/thrown.h"

namespace evolve {
namespace {

using std::chrono::nanoseconds;

/// What a watched_eventop has seen, and what it does where a loop falls asleep:
/// after the last look at what has come, and before the system's wait.
struct watch {
  std::function<void()> before_wait = [] {};
  std::atomic<int> waits{0};  // how many waits have begun
  std::vector<std::optional<nanoseconds>> slept;  // for how long each wait
  std::vector<int> added;  // descriptors
  std::vector<int> found;  // descriptors that got ready
};

/// A backend of the library's, with an observer.
class watched_eventop final : public eventop {
 public:
  watched_eventop(std::string_view method, watch& seen)
      : real_(make_backend(method)), seen_(seen) {}

  const char* name() const noexcept override { return real_->name(); }
  void add(int fd, what old, what now) override {
    real_->add(fd, old, now);
    seen_.added.push_back(fd);
  }
  void del(int fd, what old, what now) noexcept override {
    real_->del(fd, old, now);
  }
  void prepare() override { real_->prepare(); }
  void wait(std::optional<nanoseconds> timeout) override {
    seen_.slept.push_back(timeout);
    seen_.before_wait();
    ++seen_.waits;
    real_->wait(timeout);
  }
  std::span<const ready> collect() override {
    const std::span<const ready> all = real_->collect();
    for (const ready& r : all) seen_.found.push_back(r.fd);
    return all;
  }

 private:
  std::unique_ptr<eventop> real_;  // does the work
  watch& seen_;  // the test's
};

/// From the signal to the callback.
class Evsig : signals_restored, public OnBackend {
 protected:
  // Waits for SIGUSR1, and counts.
  struct counting_event {
    explicit counting_event(event_base& base, int signo = SIGUSR1)
        : ev(event::signal(base, signo, [this] { ++calls; })) {
      ev.add();
    }

    int calls = 0;
    event ev;
  };

  static std::unique_ptr<eventop> watched(watch& seen) {
    return std::make_unique<watched_eventop>(GetParam(), seen);
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Evsig, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Evsig, TellsTheCallbackWhichSignalHasCome) {
  int number = 0;
  what seen = what::none;
  event ev = event::signal(base, SIGUSR1, [&](int signo, what fired) {
    number = signo;
    seen = fired;
  });
  ev.add();
  raise(SIGUSR1);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(number, SIGUSR1);
  EXPECT_EQ(seen, what::signal);
}

TEST_P(Evsig, KnowsTheGreatestSignalThereIs) {
  const counting_event wanted(base, NSIG - 1);
  raise(NSIG - 1);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(wanted.calls, 1);
}

TEST_P(Evsig, CallsNobodyForASignalThatHasNotCome) {
  const counting_event first(base, SIGUSR1);
  const counting_event second(base, SIGUSR2);
  raise(SIGUSR2);

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(first.calls, 0);
  EXPECT_EQ(second.calls, 1);
}

TEST_P(Evsig, ASignalBeforeTheLoopIsNotSleptOver) {
  const counting_event wanted(base);
  raise(SIGUSR1);

  base.loop(loop_flags::once);

  EXPECT_EQ(wanted.calls, 1);
}

TEST_P(Evsig, ASignalAfterTheLoopsLastLookWakesIt) {
  watch seen;
  event_base careful(watched(seen));
  const counting_event wanted(careful);
  seen.before_wait = [] { raise(SIGUSR1); };

  careful.loop(loop_flags::once);

  EXPECT_EQ(wanted.calls, 1);
  EXPECT_EQ(seen.slept, std::vector{std::optional<nanoseconds>()});
}

TEST_P(Evsig, ASignalTakenByAnotherThreadWakesTheLoop) {
  watch seen;
  event_base careful(watched(seen));
  const counting_event wanted(careful);
  seen.before_wait = [] { std::thread([] { raise(SIGUSR1); }).join(); };

  careful.loop(loop_flags::once);

  EXPECT_EQ(wanted.calls, 1);
}

TEST_P(Evsig, ASignalAtAnyMomentEndsTheWait) {
  const counting_event wanted(base);
  for (int round = 1; round <= 100; ++round) {
    std::thread sender([] { raise(SIGUSR1); });

    base.loop(loop_flags::once);

    sender.join();
    ASSERT_EQ(wanted.calls, round);
  }
}

TEST_P(Evsig, ASignalOfBeforeTheFirstAddIsForgotten) {
  const counting_handler own(SIGUSR1);
  counting_event again(base);
  raise(SIGUSR1);
  again.ev.del();
  raise(SIGUSR1);
  again.ev.add();

  base.loop(loop_flags::nonblock);

  EXPECT_EQ(again.calls, 0);
  EXPECT_EQ(own.calls(), 1);
}

TEST_P(Evsig, EveryBaseGetsEveryDelivery) {
  event_base second(make_backend(GetParam()));
  event_base third(make_backend(GetParam()));
  const counting_event a(base);
  const counting_event b(second);
  const counting_event c(third);
  raise(SIGUSR1, 2);

  for (event_base* each : {&second, &base, &third}) {
    each->loop(loop_flags::nonblock);
  }

  EXPECT_EQ(a.calls, 2);
  EXPECT_EQ(b.calls, 2);
  EXPECT_EQ(c.calls, 2);
}

TEST_P(Evsig, ABaseThatDoesNotWaitForTheSignalIsNotWoken) {
  watch seen;
  event_base other(watched(seen));
  const counting_event unwanted(other, SIGUSR2);
  const counting_event wanted(base, SIGUSR1);
  seen.before_wait = [] { raise(SIGUSR1); };

  other.once(
      -1, what::none, [] {}, duration(0));
  other.loop(loop_flags::once);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(seen.found, std::vector<int>{});
  EXPECT_EQ(unwanted.calls, 0);
  EXPECT_EQ(wanted.calls, 1);
}

TEST_P(Evsig, TheOtherBasesGoOnWhicheverIsDestroyed) {
  for (std::size_t gone = 0; gone < 3; ++gone) {
    std::array<std::unique_ptr<event_base>, 3> bases;
    std::array<std::unique_ptr<counting_event>, 3> events;
    for (std::size_t i = 0; i < 3; ++i) {
      bases[i] = std::make_unique<event_base>(make_backend(GetParam()));
      events[i] = std::make_unique<counting_event>(*bases[i]);
    }
    bases[gone].reset();
    raise(SIGUSR1);
    for (std::size_t i = 0; i < 3; ++i) {
      if (bases[i]) bases[i]->loop(loop_flags::nonblock);
      EXPECT_EQ(events[i]->calls, i == gone ? 0 : 1) << gone << ' ' << i;
    }
  }
}

// The program's own handler does not ask for SA_RESTART, so that the wait ends.
TEST_P(Evsig, AnInterruptedWaitIsWaitedAgain) {
  watch seen;
  event_base interrupted(watched(seen));
  const counting_handler own(SIGUSR2, 0);
  const pair fds;
  int calls = 0;
  event reads(interrupted, fds.a(), what::read, [&] { ++calls; });
  reads.add();
  const counting_event unwanted(interrupted, SIGUSR1);
  std::thread sender([&, loop = ::pthread_self()] {
    while (seen.waits < 3) {
      ::pthread_kill(loop, SIGUSR2);
      std::this_thread::yield();
    }
    fds.send();
  });

  EXPECT_EQ(interrupted.loop(loop_flags::once), loop_result::stopped);

  sender.join();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(unwanted.calls, 0);
}

TEST_P(Evsig, ASignalThatAChildGetsIsNotToldToItsParent) {
  watch seen;
  event_base careful(watched(seen));
  const counting_event unwanted(careful);
  const pair fds;
  event reads(careful, fds.a(), what::read, [] {});
  reads.add();
  seen.before_wait = [&fds] {
    const int status = in_child([] {
      raise(SIGUSR1, 3);
      return 0;
    });
    EXPECT_EQ(status, 0);
    fds.send();
  };

  careful.loop(loop_flags::once);

  EXPECT_EQ(unwanted.calls, 0);
  EXPECT_EQ(seen.found, std::vector{fds.a()});
}

/// Signals that the system sends to whichever thread it likes, at any moment.
/// With poll, since ThreadSanitizer holds them back until a call that it knows,
/// and does not know select.
class SignalsFromAfar : signals_restored, public ::testing::Test {
 protected:
  event_base base{"poll"};
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [this] { ++calls; });
};

TEST_F(SignalsFromAfar, EndTheWaitWheneverTheyComeToTheLoopsThread) {
  ev.add();
  for (int round = 1; round <= 100; ++round) {
    std::thread sender(
        [loop = ::pthread_self()] { ::pthread_kill(loop, SIGUSR1); });

    base.loop(loop_flags::once);

    sender.join();
    ASSERT_EQ(calls, round);
  }
}

TEST_F(SignalsFromAfar, EndTheWaitWhicheverThreadTheyComeTo) {
  ev.add();
  for (int round = 1; round <= 100; ++round) {
    std::thread sender([] { ::kill(::getpid(), SIGUSR1); });

    base.loop(loop_flags::once);

    sender.join();
    ASSERT_EQ(calls, round);
  }
}

TEST_F(SignalsFromAfar, TellOfChildrenThatHaveEnded) {
  std::vector<int> codes;
  event ended = event::signal(base, SIGCHLD, [&] {
    int status = 0;  // several children may share one signal
    while (::waitpid(-1, &status, WNOHANG) > 0) {
      codes.push_back(WEXITSTATUS(status));
    }
    if (codes.size() == 3) ended.del();
  });
  ended.add();
  for (const int code : {7, 8, 9}) {
    if (::fork() == 0) ::_exit(code);
  }

  EXPECT_EQ(base.dispatch(), loop_result::no_events);

  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(codes, (std::vector{7, 8, 9}));
}

// ThreadSanitizer holds back the signals of a thread that reads, which is why
// their number has a bound.
TEST_F(SignalsFromAfar, DoNotEndOtherCalls) {
  ev.add();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ssize_t got = 0;
  std::thread reader([&] {
    char byte;
    got = ::read(ends[0], &byte, 1);
  });
  for (int sent = 0; sent < 1000 && calls < 10; ++sent) {
    ::pthread_kill(reader.native_handle(), SIGUSR1);
    std::this_thread::yield();
    base.loop(loop_flags::nonblock);
  }
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  reader.join();

  EXPECT_EQ(got, 1);
  EXPECT_NE(action_of(SIGUSR1).sa_flags & SA_RESTART, 0);
  for (const int end : ends) ::close(end);
}

/// What the process does about a signal before, meanwhile and after.
class SignalHandlers : signals_restored, public ::testing::Test {
 protected:
  static int received(int signo) {
    const int before = counting_handler::calls();
    raise(signo);
    return counting_handler::calls() - before;
  }
};

TEST_F(SignalHandlers, OfTheProgramComeBackAfterTheLastEvent) {
  const counting_handler own(SIGUSR1);
  event_base base;
  event first = event::signal(base, SIGUSR1, [] {});
  event second = event::signal(base, SIGUSR1, [] {});
  first.add();
  second.add();
  EXPECT_EQ(received(SIGUSR1), 0);

  first.del();
  EXPECT_EQ(received(SIGUSR1), 0);

  second.del();
  EXPECT_EQ(received(SIGUSR1), 1);
}

TEST_F(SignalHandlers, OfTheProgramComeBackAfterAOneShotEvent) {
  const counting_handler own(SIGUSR1);
  event_base base;
  event ev(base, SIGUSR1, what::signal, [] {});
  ev.add();
  EXPECT_EQ(received(SIGUSR1), 0);

  base.dispatch();

  EXPECT_EQ(received(SIGUSR1), 1);
}

TEST_F(SignalHandlers, OfOneSignalAreNoneOfAnothersBusiness) {
  const counting_handler own(SIGUSR1);
  const counting_handler also_own(SIGUSR2);
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();

  EXPECT_EQ(received(SIGUSR2), 1);
}

TEST_F(SignalHandlers, OfTheProgramComeBackWithTheBasesEnd) {
  const counting_handler own(SIGUSR1);
  auto base = std::make_unique<event_base>();
  event ev = event::signal(*base, SIGUSR1, [] { FAIL(); });
  ev.add();
  EXPECT_EQ(received(SIGUSR1), 0);

  base.reset();

  EXPECT_EQ(received(SIGUSR1), 1);
}

TEST_F(SignalHandlers, OfTheProgramComeBackAfterTheLastOfTwoBases) {
  const counting_handler own(SIGUSR1);
  for (const bool newest_first : {true, false}) {
    auto first_to_go = std::make_unique<event_base>();
    auto last_to_go = std::make_unique<event_base>();
    event a = event::signal(*first_to_go, SIGUSR1, [] {});
    event b = event::signal(*last_to_go, SIGUSR1, [] {});
    (newest_first ? b : a).add();
    (newest_first ? a : b).add();

    first_to_go.reset();
    EXPECT_EQ(received(SIGUSR1), 0);
    last_to_go.reset();
    EXPECT_EQ(received(SIGUSR1), 1);
  }
}

TEST_F(SignalHandlers, ComeBackEvenIfThereWereNone) {
  for (void (*none)(int) : {SIG_IGN, SIG_DFL}) {
    const temporary_action own(SIGUSR1, none);
    event_base base;
    event ev = event::signal(base, SIGUSR1, [] {});
    ev.add();
    EXPECT_NE(action_of(SIGUSR1).sa_handler, none);
    ev.del();
    EXPECT_EQ(action_of(SIGUSR1).sa_handler, none);
  }
}

TEST_F(SignalHandlers, ComeBackWithTheirFlagsAndMask) {
  struct sigaction own {};
  own.sa_sigaction = [](int, siginfo_t*, void*) {};
  own.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&own.sa_mask);
  sigaddset(&own.sa_mask, SIGUSR2);
  const temporary_action installed(SIGUSR1, own);
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();
  EXPECT_FALSE(same(action_of(SIGUSR1), own));

  ev.del();

  EXPECT_TRUE(same(action_of(SIGUSR1), own));
}

TEST_F(SignalHandlers, ComeBackAgainAndAgain) {
  const counting_handler own(SIGUSR1);
  event_base base;
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [&] { ++calls; });
  for (int round = 1; round <= 3; ++round) {
    ev.add();
    EXPECT_EQ(received(SIGUSR1), 0);
    base.loop(loop_flags::nonblock);
    EXPECT_EQ(calls, round);
    ev.del();
    EXPECT_EQ(received(SIGUSR1), 1);
  }
}

TEST_F(SignalHandlers, InstalledSinceAreLeftAloneAndLogged) {
  const temporary_action original(SIGUSR1, SIG_IGN);
  const recorded_log log;
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] { FAIL(); });
  ev.add();
  const counting_handler newcomer(SIGUSR1);

  ev.del();

  EXPECT_EQ(received(SIGUSR1), 1);
  ASSERT_EQ(log.received().size(), 1u);
  const auto& [level, message] = log.received()[0];
  EXPECT_EQ(level, severity::debug);
  EXPECT_NE(message.find("signal " + std::to_string(SIGUSR1)),
            std::string::npos);
}

TEST_F(SignalHandlers, InstalledSinceComeBackAfterTheNextEvent) {
  const temporary_action original(SIGUSR1, SIG_IGN);
  const recorded_log log;
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();
  const counting_handler newcomer(SIGUSR1);
  ev.del();

  ev.add();
  EXPECT_EQ(received(SIGUSR1), 0);
  ev.del();
  EXPECT_EQ(received(SIGUSR1), 1);
  EXPECT_EQ(log.received().size(), 1u);
}

// A coroutine's own may be too small for what the kernel saves there.
TEST_F(SignalHandlers, RunOnTheStackThatIsMeantForThem) {
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();
  const alternate_stack meant;
  raise(SIGUSR1);
  EXPECT_TRUE(meant.used());
}

// They interrupt add() and del() at any moment.
TEST_F(SignalHandlers, OfTheProgramMayFork) {
  static std::atomic<int> ended{0};
  static std::atomic<int> failed{0};
  const temporary_action forks(SIGUSR2, [](int) {
    if (in_child([] { return 7; }) != 7) ++failed;
    ++ended;
  });
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  std::atomic<bool> done{false};
  std::thread sender([&done, loop = ::pthread_self()] {
    for (int sent = 1; sent <= 50; ++sent) {
      ::pthread_kill(loop, SIGUSR2);
      while (ended < sent) std::this_thread::yield();
    }
    done = true;
  });
  while (!done) {
    ev.add();
    ev.del();
  }
  sender.join();

  EXPECT_EQ(failed, 0);
}

TEST_F(SignalHandlers, ComeBackInSilence) {
  const recorded_log log;
  event_base base;
  event ev = event::signal(base, SIGUSR1, [] {});
  ev.add();
  ev.del();
  EXPECT_TRUE(log.received().empty());
}

/// The descriptors are counted with poll, which has none of its own.
class SelfPipe : signals_restored, public ::testing::Test {
 protected:
  // Adds `ev`; which descriptors that has made.
  std::vector<int> add() {
    const std::vector<int> before = open_descriptors();
    ev.add();
    return since(before);
  }

  static std::vector<int> since(const std::vector<int>& before) {
    const std::vector<int> now = open_descriptors();
    std::vector<int> made;
    std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                        std::back_inserter(made));
    return made;
  }

  // The next descriptor's number.
  static rlim_t lowest_free() {
    const int fd = ::dup(STDERR_FILENO);
    ::close(fd);
    return static_cast<rlim_t>(fd);
  }

  // How much there is in the pipe.
  int bytes() const {
    int count = -1;
    ::ioctl(seen.added.at(0), FIONREAD, &count);
    return count;
  }

  watch seen;
  event_base base{std::make_unique<watched_eventop>("poll", seen)};
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [this] { ++calls; });
};

TEST_F(SelfPipe, IsNotMadeBeforeTheFirstSignalEvent) {
  const pair ends;
  const std::vector<int> before = open_descriptors();
  event_base quiet("poll");
  event reads(quiet, ends.a(), what::read, [] {});
  event ticks = event::timer(quiet, [] {});
  const event waits = event::signal(quiet, SIGUSR1, [] {});
  reads.add();
  ticks.add(std::chrono::hours(1));
  quiet.active_by_signal(SIGUSR1);
  quiet.loop(loop_flags::nonblock);

  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SelfPipe, IsNotMadeForANumberThatIsNoSignals) {
  const std::vector<int> before = open_descriptors();
  event wrong = event::signal(base, NSIG, [] {});
  EXPECT_THROW(wrong.add(), std::system_error);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SelfPipe, IsMadeAtTheNextTryWhenDescriptorsHaveRunOut) {
  const std::vector<int> before = open_descriptors();
  std::exception_ptr refusal;
  {
    const descriptor_limit reached(lowest_free());
    ASSERT_TRUE(reached.set());
    try {
      ev.add();
    } catch (...) {
      refusal = std::current_exception();
    }
  }
  ASSERT_TRUE(refusal);
  EXPECT_EQ(error_of([&] { std::rethrow_exception(refusal); }),
            std::errc::too_many_files_open);
  EXPECT_EQ(ev.pending(), what::none);
  EXPECT_EQ(open_descriptors(), before);

  EXPECT_EQ(add().size(), 2u);
}

TEST_F(SelfPipe, IsClosedAgainWhenTheBackendRefusesIt) {
  const std::vector<int> before = open_descriptors();
  fake_kernel kernel;
  event_base refusing(std::make_unique<fake_eventop>(kernel));
  event refused = event::signal(refusing, SIGUSR1, [] {});
  kernel.refuse = ENOMEM;

  EXPECT_EQ(error_of([&] { refused.add(); }), std::errc::not_enough_memory);

  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(refused.pending(), what::none);
  EXPECT_EQ(refusing.num_events(event_count::added), 0u);
}

TEST_F(SelfPipe, HasTwoEndsOfWhichTheLoopWatchesOne) {
  const std::vector<int> ends = add();
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(seen.added.size(), 1u);
  EXPECT_NE(std::find(ends.begin(), ends.end(), seen.added.at(0)), ends.end());
}

TEST_F(SelfPipe, IsNotInheritedAndBlocksNobody) {
  for (const int end : add()) {
    EXPECT_NE(::fcntl(end, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(end, F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(SelfPipe, ServesAllSignals) {
  add();
  const std::vector<int> before = open_descriptors();
  event other = event::signal(base, SIGUSR2, [] {});
  event same = event::signal(base, SIGUSR1, [] {});
  other.add();
  same.add();
  ev.del();
  ev.add();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SelfPipe, IsClosedWithItsBase) {
  const std::vector<int> before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    event_base brief("poll");
    event left = event::signal(brief, SIGUSR1, [] {});
    left.add();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SelfPipe, IsNotWrittenToWhileTheLoopIsAwake) {
  ev.add();
  raise(SIGUSR1, 10);
  EXPECT_EQ(bytes(), 0);

  base.loop(loop_flags::once);

  EXPECT_EQ(calls, 10);
  EXPECT_EQ(seen.found, std::vector<int>{});
  EXPECT_EQ(seen.slept, std::vector{std::optional(nanoseconds(0))});
}

TEST_F(SelfPipe, IsNotWrittenToByACallbacksSignal) {
  event raises(base, SIGUSR2, what::signal, [] { raise(SIGUSR1); });
  ev.add();
  raises.add();
  raise(SIGUSR2);

  base.loop(loop_flags::nonblock);
  EXPECT_EQ(bytes(), 0);
  base.loop(loop_flags::nonblock);

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(seen.found, std::vector<int>{});
}

TEST_F(SelfPipe, IsNotWrittenToWhenNobodyWaitsAnyLonger) {
  const counting_handler own(SIGUSR1);
  ev.add();
  ev.del();
  seen.before_wait = [] { raise(SIGUSR1); };

  base.once(
      -1, what::none, [] {}, duration(0));
  base.loop(loop_flags::once);

  EXPECT_EQ(bytes(), 0);
  EXPECT_EQ(own.calls(), 1);
}

TEST_F(SelfPipe, TakesOneByteForAllSignalsOfASleep) {
  ev.add();
  int written = -1;
  seen.before_wait = [&] {
    raise(SIGUSR1, 10);
    written = bytes();
  };

  base.loop(loop_flags::once);

  EXPECT_EQ(written, 1);
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(seen.found, seen.added);
}

TEST_F(SelfPipe, IsEmptiedOnceTheLoopIsAwake) {
  ev.add();
  for (int round = 1; round <= 3; ++round) {
    seen.before_wait = [] { raise(SIGUSR1); };
    base.loop(loop_flags::once);
    EXPECT_EQ(calls, round);
    EXPECT_EQ(bytes(), 0);
  }
}

// One byte for each would fill it, and wrap a counter of 16 bits.
TEST_F(SelfPipe, LosesNoSignalHoweverManyCome) {
  int others = 0;
  event other = event::signal(base, SIGUSR2, [&] { ++others; });
  ev.add();
  other.add();
  seen.before_wait = [] {
    raise(SIGUSR1, 65536);
    raise(SIGUSR2);
  };

  base.loop(loop_flags::once);

  EXPECT_EQ(calls, 65536);
  EXPECT_EQ(others, 1);
}

TEST_F(SelfPipe, LosesNothingWhenItIsFullAndLeavesErrnoAlone) {
  const std::vector<int> ends = add();
  const int write_end = ends.at(0) == seen.added.at(0) ? ends.at(1) : ends[0];
  fill(write_end);
  ASSERT_EQ(::write(write_end, "x", 1), -1);
  int error = 0;
  seen.before_wait = [&] {
    errno = ERANGE;
    raise(SIGUSR1, 3);
    error = errno;
  };

  base.loop(loop_flags::once);

  EXPECT_EQ(calls, 3);
  EXPECT_EQ(error, ERANGE);
  EXPECT_EQ(bytes(), 0);
}

/// Exact counts are possible since raise() returns after the handler.
class SignalsAndThreads : signals_restored, public OnBackend {
 protected:
  // A loop for a thread of its own, until it has had `count` signals.
  struct counting_loop {
    counting_loop(const char* method, int count)
        : base(make_backend(method)),
          ev(event::signal(base, SIGUSR1, [this, count] {
            if (++calls == count) ev.del();
          })) {
      ev.add();
    }

    int calls = 0;
    event_base base;
    event ev;
  };
};
INSTANTIATE_TEST_SUITE_P(Backends, SignalsAndThreads,
                         ::testing::ValuesIn(backends), backend_name);

TEST_P(SignalsAndThreads, TwoLoopsGetEverySignalOfTwoOtherThreads) {
  constexpr int signals = 1000;
  counting_loop one(GetParam(), 2 * signals);
  counting_loop two(GetParam(), 2 * signals);
  std::vector<std::thread> threads;
  threads.emplace_back([&] { one.base.dispatch(); });
  threads.emplace_back([&] { two.base.dispatch(); });
  threads.emplace_back([] { raise(SIGUSR1, signals); });
  threads.emplace_back([] { raise(SIGUSR1, signals); });
  for (std::thread& each : threads) each.join();

  EXPECT_EQ(one.calls, 2 * signals);
  EXPECT_EQ(two.calls, 2 * signals);
}

TEST_P(SignalsAndThreads, BasesMayComeAndGoWhileTheHandlerRuns) {
  constexpr int signals = 2000;
  counting_loop stays(GetParam(), signals);
  std::thread raises([] { raise(SIGUSR1, signals); });
  for (int i = 0; i < 300; ++i) {
    counting_loop passes(GetParam(), signals);
    passes.base.loop(loop_flags::nonblock);
  }
  raises.join();

  EXPECT_EQ(stays.base.dispatch(), loop_result::no_events);
  EXPECT_EQ(stays.calls, signals);
}

TEST_P(SignalsAndThreads, TheLastBaseMayGoWhileTheHandlerRuns) {
  const counting_handler own(SIGUSR1);
  std::atomic<bool> done{false};
  std::thread raises([&] {
    for (int i = 0; i < 20000 && !done; ++i) raise(SIGUSR1);
  });
  for (int i = 0; i < 300; ++i) counting_loop(GetParam(), 1);
  done = true;
  raises.join();

  const int before = own.calls();
  raise(SIGUSR1);
  EXPECT_EQ(own.calls(), before + 1);
}

TEST_P(SignalsAndThreads, EachThreadMayHaveABaseOfItsOwn) {
  const counting_handler own(SIGUSR1);
  std::array<int, 3> least{};
  const auto churn = [](int& smallest, const char* method) {
    smallest = 1;
    for (int i = 0; i < 200; ++i) {
      counting_loop mine(method, INT_MAX);
      raise(SIGUSR1);
      mine.base.loop(loop_flags::nonblock);
      smallest = std::min(smallest, mine.calls);
    }
  };
  std::vector<std::thread> threads;
  for (int& smallest : least) {
    threads.emplace_back(churn, std::ref(smallest), GetParam());
  }
  for (std::thread& each : threads) each.join();

  EXPECT_EQ(least, (std::array{1, 1, 1}));
}

/// Threads that add, get and delete a signal all the time, each in a base of its
/// own. The constructor returns when each has done so once: from then on they
/// allocate nothing, as what a sanitizer's malloc() has locked when a child is
/// made stays locked there.
class busy_threads {
 public:
  explicit busy_threads(const char* method) {
    for (int i = 0; i < 3; ++i) {
      threads_.emplace_back([this, method] { run(method); });
    }
    for (int i = 0; i < 3; ++i) busy_.acquire();
  }
  ~busy_threads() {
    done_ = true;
    for (std::thread& each : threads_) each.join();
  }
  busy_threads(const busy_threads&) = delete;
  busy_threads& operator=(const busy_threads&) = delete;

 private:
  static void get_signal(event& ev) {
    ev.add();
    raise(SIGUSR1);
    ev.del();
  }
  void run(const char* method) {
    event_base busy(make_backend(method));
    event ev = event::signal(busy, SIGUSR1, [] {});
    get_signal(ev);
    busy_.release();
    while (!done_) get_signal(ev);
  }

  std::atomic<bool> done_{false};
  std::counting_semaphore<> busy_{0};  // threads that have got their signal
  std::vector<std::thread> threads_;
};

/// A child whose parent had other threads, which were busy with signals.
class ChildOfThreads : public SignalsAndThreads {
 protected:
  // Makes and destroys a base, with one event; how often that is called.
  static int call_own() {
    event_base own(make_backend(GetParam()));
    int calls = 0;
    event ev = event::signal(own, SIGUSR2, [&calls] { ++calls; });
    ev.add();
    raise(SIGUSR2);
    own.loop(loop_flags::once);
    return calls;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, ChildOfThreads,
                         ::testing::ValuesIn(backends), backend_name);

// One of them has told a base of a signal, and cannot go on to tell the next,
// since its pipe takes nothing more and has been made to block.
TEST_P(ChildOfThreads, MayHaveABaseThoughOneOfThemWasInTheHandler) {
  watch seen;
  event_base sleeper(std::make_unique<watched_eventop>("poll", seen));
  const std::vector<int> before = open_descriptors();
  event last = event::signal(sleeper, SIGUSR1, [] {});
  last.add();
  for (const int fd : open_descriptors()) {
    if (std::ranges::find(before, fd) != before.end()) continue;
    fill(fd);
    if (fd != seen.added.at(0)) ::fcntl(fd, F_SETFL, 0);
  }
  counting_loop first(GetParam(), 1);
  int calls = 0;
  seen.before_wait = [&] {
    std::thread held([] { raise(SIGUSR1); });
    first.base.dispatch();
    calls = in_child(call_own);
    std::array<char, 4096> some;
    EXPECT_GT(::read(seen.added[0], some.data(), some.size()), 0);
    held.join();
  };

  sleeper.loop(loop_flags::once);

  EXPECT_EQ(calls, 1);
}

TEST_P(ChildOfThreads, MayHaveABaseWhateverTheyWereDoing) {
  const counting_handler own(SIGUSR1);
  const busy_threads others(GetParam());
  for (int i = 0; i < 5; ++i) {
    const int calls = in_child(call_own);
    EXPECT_EQ(calls, 1) << "child " << i;
    if (calls != 1) break;
  }
}

/// An event, and how often it should have been called.
struct modelled {
  modelled(event_base& base, int signo, bool persists)
      : ev(base, signo, persists ? what::signal | what::persist : what::signal,
           [this] { ++calls; }),
        persistent(persists) {}

  // What a delivery ought to do, and what a turn of the loop.
  void deliver() {
    if (added) owed = persistent ? owed + 1 : 1;
  }
  void run() {
    expected += owed;
    if (owed > 0 && !persistent) added = false;
    owed = 0;
  }

  event ev;
  bool persistent;
  bool added = false;
  int owed = 0;  // deliveries since the last turn
  int expected = 0;  // the calls by now
  int calls = 0;
};

/// Six events wait for three signals in two bases, and come and go by chance.
class RandomSignals : signals_restored, public ::testing::TestWithParam<int> {
 protected:
  static constexpr int signals[] = {SIGUSR1, SIGUSR2, SIGHUP};

  RandomSignals() {
    for (int i = 0; i < 6; ++i) {
      event_base& base = bases[random() % 2];
      const int signo = signals[random() % 3];
      const bool persists = random() % 3 != 0;
      events.push_back(std::make_unique<modelled>(base, signo, persists));
    }
  }

  void add(modelled& m) {
    run(m.ev.base());  // earlier signals are not for the new event
    m.ev.add();
    m.added = true;
  }
  void del(modelled& m) {
    m.ev.del();
    m.added = false;
    m.owed = 0;
  }
  void send(int signo, int times) {
    raise(signo, times);
    for (; times > 0; --times) {
      bool wanted = false;
      for (const auto& m : events) {
        if (m->ev.fd() != signo) continue;
        wanted |= m->added;
        m->deliver();
      }
      own_expected += !wanted;
    }
  }
  void run(event_base& base) {
    base.loop(loop_flags::nonblock);
    for (const auto& m : events) {
      if (&m->ev.base() == &base) m->run();
    }
  }
  void step() {
    modelled& m = *events[random() % events.size()];
    switch (random() % 5) {
      case 0:
        return add(m);
      case 1:
        return del(m);
      case 2:
        return run(m.ev.base());
      default:
        return send(m.ev.fd(), static_cast<int>(random() % 4));
    }
  }
  void check() const {
    std::size_t added = 0;
    for (const auto& m : events) {
      ASSERT_EQ(m->calls, m->expected);
      ASSERT_EQ(any(m->ev.pending()), m->added);
      added += m->added;
    }
    ASSERT_EQ(counting_handler::calls(), own_expected);
    ASSERT_EQ(bases[0].num_events(event_count::added) +
                  bases[1].num_events(event_count::added),
              added);
    for (const event_base& base : bases) base.self_check();
  }

  counting_handler usr1{SIGUSR1}, usr2{SIGUSR2}, hup{SIGHUP};
  std::mt19937 random{static_cast<unsigned>(GetParam())};
  std::array<event_base, 2> bases;
  std::vector<std::unique_ptr<modelled>> events;
  int own_expected = 0;  // calls of the program's own handlers
};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomSignals, ::testing::Range(1, 9));

TEST_P(RandomSignals, AreDeliveredAsAModelSays) {
  for (int i = 0; i < 1000; ++i) {
    step();
    ASSERT_NO_FATAL_FAILURE(check()) << "after step " << i;
  }
}

}  // namespace
}  // namespace evolve
