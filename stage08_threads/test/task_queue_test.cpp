#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "evolve/task_queue.h"

namespace evolve {
namespace {

class TaskQueue : public ::testing::Test {
 protected:
  /// Pushes a task that notes `number` when it is run. Whether it is the first.
  bool push(int number) {
    return queue.push([this, number] { ran.push_back(number); }, tellers);
  }

  /// Runs `count` of those that have been taken.
  void run(int count) {
    for (int i = 0; i < count; ++i) queue.run();
  }

  std::atomic<int> tellers{0};
  task_queue queue;
  std::vector<int> ran;
};

TEST_F(TaskQueue, GivesBackInTheOrderOfPushing) {
  for (const int number : {1, 2, 3}) push(number);

  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST_F(TaskQueue, TakeTellsHowManyHaveComeSince) {
  EXPECT_EQ(queue.take(), 0);
  push(1);
  push(2);
  EXPECT_EQ(queue.take(), 2);
  run(2);
  EXPECT_EQ(queue.take(), 0);
  push(3);
  EXPECT_EQ(queue.take(), 1);
}

TEST_F(TaskQueue, WhatIsTakenLaterComesAfterWhatIsLeft) {
  push(1);
  push(2);
  queue.take();
  run(1);
  push(3);
  push(4);
  EXPECT_EQ(queue.take(), 2);
  EXPECT_TRUE(queue.empty());
  run(3);
  push(5);
  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 2, 3, 4, 5}));
}

TEST_F(TaskQueue, CallsACopyOfAConstantThatChangesItself) {
  const auto count = [this, next = 1]() mutable { ran.push_back(next++); };
  queue.push(count, tellers);
  queue.push(count, tellers);

  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 1}));
}

TEST_F(TaskQueue, IsEmptyWhenNothingHasComeSinceTheLastTake) {
  EXPECT_TRUE(queue.empty());
  push(1);
  EXPECT_FALSE(queue.empty());
  queue.take();
  EXPECT_TRUE(queue.empty());
}

TEST_F(TaskQueue, TheFirstSinceTheLastTakeHasToTellTheLoop) {
  EXPECT_TRUE(push(1));
  EXPECT_FALSE(push(2));
  EXPECT_EQ(tellers, 1);
  run(queue.take());
  EXPECT_TRUE(push(3));
  EXPECT_EQ(tellers, 2);
}

TEST_F(TaskQueue, ATaskThatThrowsHasBeenRun) {
  const auto held = std::make_shared<int>(0);
  queue.push([held] { throw std::runtime_error("a task"); }, tellers);
  push(2);
  queue.take();

  EXPECT_THROW(queue.run(), std::runtime_error);
  EXPECT_EQ(held.use_count(), 1);
  run(1);
  EXPECT_EQ(ran, std::vector{2});
}

TEST_F(TaskQueue, ATaskMayPush) {
  queue.push(
      [this] {
        ran.push_back(1);
        push(2);
      },
      tellers);

  run(queue.take());
  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 2}));
}

TEST_F(TaskQueue, WhatIsLeftIsDestroyedAndNotRun) {
  const auto held = std::make_shared<int>(0);
  {
    task_queue going;
    for (const bool taken : {true, false}) {
      for (int i = 0; i < 2; ++i) going.push([held] { ++*held; }, tellers);
      going.push([this] { ran.push_back(0); }, tellers);
      if (taken) going.take();
    }
    EXPECT_EQ(held.use_count(), 5);
  }

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
  EXPECT_TRUE(ran.empty());
}

/// What a task may own: pushes a task that owns another one when it is destroyed,
/// `more` times in all.
class successor {
 public:
  successor(task_queue& tasks, std::atomic<int>& tellers, int more, int& alive)
      : tasks_(tasks), tellers_(tellers), more_(more), alive_(alive) {
    ++alive_;
  }
  ~successor() {
    --alive_;
    if (more_ > 0) push(tasks_, tellers_, more_ - 1, alive_);
  }
  successor(const successor&) = delete;
  successor& operator=(const successor&) = delete;

  static void push(task_queue& tasks, std::atomic<int>& tellers, int more,
                   int& alive) {
    tasks.push([owned = std::make_unique<successor>(
                    tasks, tellers, more, alive)] { FAIL() << owned->more_; },
               tellers);
  }

 private:
  task_queue& tasks_;
  std::atomic<int>& tellers_;
  int more_;
  int& alive_;
};

TEST_F(TaskQueue, WhatIsPushedByADestroyedTaskIsDestroyedToo) {
  int alive = 0;
  {
    task_queue going;
    for (const bool taken : {true, false}) {
      successor::push(going, tellers, 3, alive);
      if (taken) going.take();
    }
  }
  EXPECT_EQ(alive, 0);

  successor::push(queue, tellers, 3, alive);
  queue.clear();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(queue.empty());
  push(1);
  run(queue.take());
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(TaskQueue, CallsWhatCanOnlyBeMoved) {
  queue.push(
      [this, owned = std::make_unique<int>(7)] { ran.push_back(*owned); },
      tellers);

  run(queue.take());

  EXPECT_EQ(ran, std::vector{7});
}

TEST_F(TaskQueue, CopiesAFunctionThatItIsNotGiven) {
  const auto held = std::make_shared<int>(0);
  const auto count = [held] { ++*held; };
  queue.push(count, tellers);
  EXPECT_EQ(held.use_count(), 3);

  run(queue.take());
  EXPECT_EQ(*held, 1);
  EXPECT_EQ(held.use_count(), 2);
}

TEST_F(TaskQueue, MayChangeWhatAFunctionHolds) {
  queue.push([this, next = 1]() mutable { ran.push_back(next++); }, tellers);

  run(queue.take());

  EXPECT_EQ(ran, std::vector{1});
}

struct alignas(64) aligned {
  std::vector<int>* ran;
  void operator()() const {
    const auto place = reinterpret_cast<std::uintptr_t>(this);
    ran->push_back(static_cast<int>(place % alignof(aligned)));
  }
};

TEST_F(TaskQueue, KeepsWhatHasToStandAtAnEvenAddressThere) {
  queue.push(aligned{&ran}, tellers);

  run(queue.take());

  EXPECT_EQ(ran, std::vector{0});
}

TEST_F(TaskQueue, LosesNothingOfManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int each = 1000;
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who) {
    threads.emplace_back([this, who] {
      for (int i = 0; i < each; ++i) push(who * each + i);
    });
  }
  while (ran.size() < 4 * each) run(queue.take());
  for (std::thread& thread : threads) thread.join();

  EXPECT_TRUE(queue.empty());
  std::array<int, 4> next{};
  for (const int number : ran) {
    const auto who = static_cast<std::size_t>(number / each);
    EXPECT_EQ(number % each, next[who]++);
  }
  EXPECT_EQ(next, (std::array{each, each, each, each}));
}

}  // namespace
}  // namespace evolve
