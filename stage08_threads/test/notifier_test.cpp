#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "evolve/notifier.h"
#include "test/backends.h"
#include "test/child_process.h"
#include "test/denied.h"
#include "test/descriptor_limit.h"
#include "test/fake_eventop.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/signals.h"
#include "test/sleeps.h"
#include "test/thrown.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

class Notifier : public ::testing::TestWithParam<const char*> {
 protected:
  /// How often a loop sleeps until a timeout has passed, with `work(0)` before
  /// it and `work(k)` in its k-th sleep. A machine may be so busy that the time
  /// is over before the loop has slept `wanted` times: then again, with more.
  int sleeps_through(int wanted, const std::function<void(int)>& work) {
    for (duration timeout = 50ms;; timeout *= 2) {
      const int before = asleep.count();
      asleep.meanwhile = [&] { work(asleep.count() - before); };
      event ends = event::timer(base, [] {});
      ends.add(timeout);
      work(0);
      EXPECT_EQ(base.dispatch(), loop_result::no_events);
      const int slept = asleep.count() - before;
      if (slept >= wanted || timeout > 10s) return slept;
    }
  }

  sleeps asleep;
  eventop* backend =
      new announcing_eventop(make_backend(GetParam()), asleep);  // base's
  event_base base{std::unique_ptr<eventop>(backend)};
};
INSTANTIATE_TEST_SUITE_P(Backends, Notifier, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Notifier, EndsTheWaitThatGoesOnOrTheNext) {
  notifier waker(base, *backend);
  event never = event::timer(base, [] {});
  never.add(24h);
  asleep.meanwhile = [&] {
    if (asleep.count() == 20) base.loopbreak();
    std::thread([&waker] { waker.wake(); }).join();
  };

  EXPECT_EQ(base.dispatch(), loop_result::idle);

  EXPECT_EQ(asleep.count(), 20);
}

TEST_P(Notifier, ManyCallsEndOneWait) {
  notifier waker(base, *backend);
  const auto work = [&waker](int sleep) {
    for (int i = 0; sleep == 0 && i < 1000; ++i) waker.wake();
  };

  EXPECT_EQ(sleeps_through(2, work), 2);
}

TEST_P(Notifier, LeavesNothingBehindThatKeepsTheLoopAwake) {
  notifier waker(base, *backend);
  const auto work = [&waker](int sleep) {
    if (sleep >= 1 && sleep <= 3) waker.wake();
  };

  EXPECT_EQ(sleeps_through(4, work), 4);
}

TEST_P(Notifier, DoesNotKeepTheLoopRunning) {
  const notifier waker(base, *backend);
  EXPECT_EQ(base.num_events(event_count::added), 0u);
  EXPECT_EQ(base.dispatch(), loop_result::no_events);
}

TEST_P(Notifier, ClosesItsDescriptors) {
  const std::vector<int> before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    event_base each(make_backend(GetParam()));
    each.make_notifiable();
  }

  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(Notifier, ItsDescriptorsAreClosedOnExec) {
  const std::vector<int> before = open_descriptors();
  const notifier waker(base, *backend);
  for (const int fd : open_descriptors()) {
    if (std::find(before.begin(), before.end(), fd) != before.end()) continue;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
}

/// The notifier of a child whose parent's is not what it was.
class NotifierOfAChild : public Notifier {
 protected:
  NotifierOfAChild() {
    const std::vector<int> before = open_descriptors();
    base.make_notifiable();
    for (const int fd : open_descriptors()) {
      if (std::ranges::find(before, fd) == before.end()) own.push_back(fd);
    }
  }

  // In a child, where it makes the base the child's own. Whether another thread
  // can wake the loop.
  std::string reinit_and_wake() {
    const recorded_log quiet;
    base.reinit();
    event never = event::timer(base, [] {});
    never.add(24h);
    loop_thread loop(base);
    asleep.await();
    base.loopbreak();
    loop.join();
    return "woken";
  }

  std::vector<int> own;  // its descriptors
};
INSTANTIATE_TEST_SUITE_P(Backends, NotifierOfAChild,
                         ::testing::ValuesIn(backends), backend_name);

TEST_P(NotifierOfAChild, IsMadeWhereTheParentsHasBeenClosed) {
  child_process child([this] {
    for (const int fd : own) ::close(fd);
    return reinit_and_wake();
  });

  EXPECT_EQ(child.says(), "woken");
}

TEST_P(NotifierOfAChild, LeavesAloneWhatHasGotTheNumbersOfTheParents) {
  child_process child([this] {
    const pair fds;
    for (const int fd : own) ::dup2(fds.a(), fd);
    std::string said = reinit_and_wake();
    for (const int fd : own) {
      if (::write(fd, "x", 1) != 1) said += ", and something else is closed";
    }
    return said;
  });

  EXPECT_EQ(child.says(), "woken");
}

/// A backend that can be woken in a way of its own.
class NotifierLeftToTheBackend : public ::testing::Test {
 protected:
  sleeps asleep;
  eventop* backend = new sleeping_eventop(asleep);  // base's
  event_base base{std::unique_ptr<eventop>(backend)};
};

TEST_F(NotifierLeftToTheBackend, NeedsNoDescriptor) {
  const std::vector<int> before = open_descriptors();
  notifier waker(base, *backend);
  EXPECT_EQ(open_descriptors(), before);

  waker.wake();

  EXPECT_EQ(asleep.notified(), 1);
}

/// A sanitizer may need descriptors when it meets a call for the first time.
void meet_make_notifiable() {
  fake_kernel kernel;
  event_base(std::make_unique<fake_eventop>(kernel)).make_notifiable();
}

TEST(NotifierWithoutDescriptors, SaysSo) {
  meet_make_notifiable();
  fake_kernel kernel;
  event_base base(std::make_unique<fake_eventop>(kernel));
  const descriptor_limit none(0);
  ASSERT_TRUE(none.set());

  EXPECT_EQ(error_of([&base] { base.make_notifiable(); }),
            std::errc::too_many_files_open);
}

TEST(NotifierWithoutDescriptors, LeavesABaseThatCanBeUsed) {
  meet_make_notifiable();
  fake_kernel kernel;
  event_base base(std::make_unique<fake_eventop>(kernel));
  {
    const descriptor_limit none(0);
    ASSERT_TRUE(none.set());
    EXPECT_THROW(base.make_notifiable(), std::system_error);
  }
  int calls = 0;
  base.post([&calls] { ++calls; });
  base.dispatch();
  EXPECT_EQ(calls, 1);

  base.make_notifiable();
  EXPECT_EQ(kernel.calls.size(), 1u);
}

#ifdef __linux__

TEST_P(Notifier, WithoutAnEventfdIsAPipe) {
  const std::vector<int> before = open_descriptors();
  int slept = 0;
  const auto use = [&] {
    notifier waker(base, *backend);
    slept = sleeps_through(4, [&waker](int sleep) {
      if (sleep == 0 || sleep > 3) return;
      for (int i = 0; i < 100; ++i) waker.wake();
    });
  };
  if (!without(SYS_eventfd2, ENOSYS, use)) GTEST_SKIP() << "no seccomp";

  EXPECT_EQ(slept, 4);
  EXPECT_EQ(open_descriptors(), before);
}

#endif

}  // namespace
}  // namespace evolve
