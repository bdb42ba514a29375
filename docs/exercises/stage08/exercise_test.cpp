// red: does not compile
// event_base::run_in_loop(): at once in the loop's thread, posted from others.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "evolve/event_base.h"

namespace evolve {
namespace {

class RunInLoop : public ::testing::Test {
 protected:
  RunInLoop() { base.make_notifiable(); }

  event_base base;
  std::string called;  // a letter for each call
};

TEST_F(RunInLoop, CallsAtOnceInTheLoopsThread) {
  base.post([this] {
    base.run_in_loop([this] { called += 'b'; });
    called += 'c';
  });

  base.dispatch();

  EXPECT_EQ(called, "bc");
}

TEST_F(RunInLoop, PostsWhileNoLoopRuns) {
  base.run_in_loop([this] { called += 'a'; });
  EXPECT_EQ(called, "");

  base.dispatch();

  EXPECT_EQ(called, "a");
}

TEST_F(RunInLoop, PostsFromAnotherThread) {
  std::promise<void> inside;
  std::promise<void> posted;
  base.post([&] {
    inside.set_value();
    posted.get_future().wait();
    called += 'a';
  });
  std::thread::id ran_in;
  std::thread loop([this] { base.dispatch(); });
  const std::thread::id loops = loop.get_id();
  inside.get_future().wait();

  base.run_in_loop([&] { ran_in = std::this_thread::get_id(); });
  posted.set_value();
  loop.join();

  EXPECT_EQ(ran_in, loops);
}

TEST_F(RunInLoop, HoldsNoLockMeanwhile) {
  event timer = event::timer(base, [this] { called += 't'; });
  base.post([&] {
    base.run_in_loop([&] { timer.add(std::chrono::nanoseconds(1)); });
  });

  base.dispatch();

  EXPECT_EQ(called, "t");
}

TEST_F(RunInLoop, TakesWhatCanOnlyBeMoved) {
  auto owned = std::make_unique<char>('m');
  base.run_in_loop([this, held = std::move(owned)] { called += *held; });

  base.dispatch();

  EXPECT_EQ(called, "m");
}

TEST_F(RunInLoop, HandsOnWhatTheFunctionThrows) {
  base.post([this] {
    try {
      base.run_in_loop([] { throw 'x'; });
    } catch (char thrown) {
      called += thrown;
    }
  });

  base.dispatch();

  EXPECT_EQ(called, "x");
}

}  // namespace
}  // namespace evolve
