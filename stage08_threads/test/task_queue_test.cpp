#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "evolve/task_queue.h"

namespace evolve {
namespace {

class TaskQueue : public ::testing::Test {
 protected:
  /// A task that notes `number` when it is run.
  auto noting(int number) {
    auto note = [this, number] { ran.push_back(number); };
    return std::make_unique<function_task<decltype(note)>>(std::move(note));
  }

  /// Runs `count` of those that have been taken.
  void run(int count) {
    for (int i = 0; i < count; ++i) queue.pop()->run();
  }

  task_queue queue;
  std::vector<int> ran;
};

TEST_F(TaskQueue, GivesBackInTheOrderOfPushing) {
  for (const int number : {1, 2, 3}) queue.push(noting(number));

  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST_F(TaskQueue, TakeTellsHowManyHaveComeSince) {
  EXPECT_EQ(queue.take(), 0);
  queue.push(noting(1));
  queue.push(noting(2));
  EXPECT_EQ(queue.take(), 2);
  EXPECT_EQ(queue.take(), 0);
  queue.push(noting(3));
  EXPECT_EQ(queue.take(), 1);
}

TEST_F(TaskQueue, IsEmptyWhenNothingHasComeSinceTheLastTake) {
  EXPECT_TRUE(queue.empty());
  queue.push(noting(1));
  EXPECT_FALSE(queue.empty());
  queue.take();
  EXPECT_TRUE(queue.empty());
}

TEST_F(TaskQueue, WhatIsTakenLaterComesAfterWhatIsLeft) {
  queue.push(noting(1));
  queue.push(noting(2));
  queue.take();
  run(1);
  queue.push(noting(3));
  queue.push(noting(4));
  queue.take();
  run(3);
  queue.push(noting(5));
  run(queue.take());

  EXPECT_EQ(ran, (std::vector{1, 2, 3, 4, 5}));
}

TEST_F(TaskQueue, WhatIsLeftIsDestroyedAndNotRun) {
  const auto held = std::make_shared<int>(0);
  {
    task_queue going;
    for (const bool taken : {true, false}) {
      for (int i = 0; i < 2; ++i) {
        auto count = [held] { ++*held; };
        going.push(
            std::make_unique<function_task<decltype(count)>>(std::move(count)));
      }
      if (taken) going.take();
    }
    EXPECT_EQ(held.use_count(), 5);
  }

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

/// Pushes another one when it is destroyed, `more` times in all.
class successor final : public task {
 public:
  successor(task_queue& tasks, int more, int& alive)
      : queue_(tasks), more_(more), alive_(alive) {
    ++alive_;
  }
  ~successor() override {
    --alive_;
    if (more_ == 0) return;
    queue_.push(std::make_unique<successor>(queue_, more_ - 1, alive_));
  }
  void run() override { FAIL(); }

 private:
  task_queue& queue_;
  int more_;
  int& alive_;
};

TEST_F(TaskQueue, WhatIsPushedByADestroyedTaskIsDestroyedToo) {
  int alive = 0;
  {
    task_queue going;
    for (const bool taken : {true, false}) {
      going.push(std::make_unique<successor>(going, 3, alive));
      if (taken) going.take();
    }
  }
  EXPECT_EQ(alive, 0);

  queue.push(std::make_unique<successor>(queue, 3, alive));
  queue.clear();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(queue.empty());
  queue.push(noting(1));
  run(queue.take());
  EXPECT_EQ(ran, std::vector{1});
}

TEST_F(TaskQueue, CallsWhatCanOnlyBeMoved) {
  auto note = [this, owned = std::make_unique<int>(7)] {
    ran.push_back(*owned);
  };
  queue.push(std::make_unique<function_task<decltype(note)>>(std::move(note)));

  run(queue.take());

  EXPECT_EQ(ran, std::vector{7});
}

TEST_F(TaskQueue, CopiesAFunctionThatItIsNotGiven) {
  const auto held = std::make_shared<int>(0);
  const auto count = [held] { ++*held; };
  const function_task<std::decay_t<decltype(count)>> made(count);
  EXPECT_EQ(held.use_count(), 3);
}

TEST_F(TaskQueue, LosesNothingOfManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int each = 1000;
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who) {
    threads.emplace_back([this, who] {
      for (int i = 0; i < each; ++i) queue.push(noting(who * each + i));
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
