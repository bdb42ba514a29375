#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <future>
#include <optional>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/pair.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

/// A thread that is cancelled in a wait of its loop.
class Cancellation : public OnBackend {
 protected:
  /// Runs the loop of the base in a thread, and cancels that when it waits, or
  /// is about to. Whether the thread ended by that.
  bool cancelled() {
    event starts = event::timer(base, [this] { started.set_value(); });
    starts.add(0s);
    pthread_t thread;
    EXPECT_EQ(::pthread_create(&thread, nullptr, run, this), 0);
    started.get_future().wait();
    ::pthread_cancel(thread);
    void* result = nullptr;
    ::pthread_join(thread, &result);
    return result == PTHREAD_CANCELED;
  }

  std::promise<void> started;
  bool unwound = false;  // as by an exception
  pair fds;
  int calls = 0;
  event ev{base, fds.a(), what::read | what::persist, [this] {
             ++calls;
             fds.receive();
           }};
  event late{base, -1, what::none, [] {}};

 private:
  struct mark {
    ~mark() { set = true; }
    bool& set;
  };

  static void* run(void* argument) {
    auto& test = *static_cast<Cancellation*>(argument);
    const mark at_end{test.unwound};
    test.base.dispatch();
    return nullptr;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Cancellation, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Cancellation, EndsALoopThatSleepsForEver) {
  ev.add();
  EXPECT_TRUE(cancelled());
}

// No whole number of milliseconds, and so another system call on some.
TEST_P(Cancellation, EndsALoopThatSleepsUntilATimerIsDue) {
  late.add(2s);
  EXPECT_TRUE(cancelled());
}

TEST_P(Cancellation, LeavesTheBaseAsItWas) {
  ev.add();
  late.add(2s);
  cancelled();
  if (!unwound) GTEST_SKIP() << "cancelling a thread leaves out destructors";
  base.self_check();

  fds.send();
  EXPECT_EQ(base.loop(loop_flags::once), loop_result::stopped);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(any(ev.pending()));
}

}  // namespace
}  // namespace evolve
