#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>

#include "evolve/evthread.h"

namespace evolve {
namespace {

// The lock

TEST(EvthreadLock, IsNoneUntilAskedFor) {
  evthread_lock lock;
  EXPECT_FALSE(lock.enabled());

  const std::lock_guard first(lock);
  const std::lock_guard second(lock);  // the thread would wait for ever
}

TEST(EvthreadLock, LetsOneThreadInAtATime) {
  evthread_lock lock;
  lock.enable();
  EXPECT_TRUE(lock.enabled());
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 10'000; ++i) {
      const std::lock_guard guard(lock);
      ++count;
    }
  };

  std::thread other(work);
  work();
  other.join();

  EXPECT_EQ(count, 20'000);
}

TEST(EvthreadLock, TellsWhetherItHasBeenTakenSinceItWasLent) {
  evthread_lock lock;
  lock.enable();
  for (int round = 0; round < 2; ++round) {
    lock.lock();
    lock.lend();
    EXPECT_FALSE(lock.taken());
    std::thread([&lock] { const std::lock_guard theirs(lock); }).join();
    EXPECT_TRUE(lock.taken());
  }
}

TEST(EvthreadLock, ThatIsNoneIsAlwaysTaken) {
  evthread_lock lock;
  lock.lock();
  lock.lend();
  EXPECT_TRUE(lock.taken());
}

TEST(EvthreadUnlock, LetsAnotherInForAsLongAsItLives) {
  evthread_lock lock;
  lock.enable();
  bool been_in = false;
  const std::lock_guard guard(lock);

  {
    const evthread_unlock open(lock);
    std::thread([&] {
      const std::lock_guard theirs(lock);
      been_in = true;
    }).join();
  }

  EXPECT_TRUE(been_in);
}

TEST(EvthreadUnlock, LocksAgainWhenAnExceptionPasses) {
  evthread_lock lock;
  lock.enable();
  std::thread other;
  bool unlocked = false;
  bool before = true;
  {
    const std::lock_guard guard(lock);
    try {
      const evthread_unlock open(lock);
      throw 1;
    } catch (int) {
    }
    other = std::thread([&] {
      const std::lock_guard theirs(lock);
      before = unlocked;
    });
    unlocked = true;
  }
  other.join();
  EXPECT_TRUE(before);
}

// The fence

TEST(EvthreadFence, LetsThoseGoFirstWhoHaveWaited) {
  evthread_lock lock;
  lock.enable();
  evthread_fence fence;
  bool waits = false;
  std::string order;
  std::thread other([&] {
    const std::lock_guard theirs(lock);
    waits = true;
    fence.wait(lock);
    order += "waited ";
  });

  {
    const std::lock_guard guard(lock);
    while (!waits) {
      const evthread_unlock open(lock);
      std::this_thread::yield();
    }
    EXPECT_EQ(order, "");
    fence.open(lock);
    order += "opened";
  }

  other.join();
  EXPECT_EQ(order, "waited opened");
}

TEST(EvthreadFence, HoldsNobodyUpWhereNobodyWaits) {
  evthread_lock lock;
  lock.enable();
  evthread_fence fence;
  const std::lock_guard guard(lock);

  fence.open(lock);
}

// The bits

TEST(EvthreadBits, AreASet) {
  evthread_bits<what> bits = what::none;
  bits |= what::read;
  bits |= what::write;
  EXPECT_EQ(what(bits), what::read | what::write);
  EXPECT_EQ(bits & what::write, what::write);
  EXPECT_EQ(bits | what::timeout, what::read | what::write | what::timeout);

  bits &= ~what::read;
  EXPECT_EQ(what(bits), what::write);
  bits = what::timeout;
  EXPECT_EQ(what(bits), what::timeout);
}

TEST(EvthreadBits, WhoReadsThemSeesWhatWasDoneBefore) {
  for (int round = 0; round < 100; ++round) {
    evthread_bits<what> bits = what::none;
    int done = 0;
    std::thread other([&] {
      done = 1;
      bits |= what::read;
    });
    while (!any(bits & what::read)) std::this_thread::yield();
    EXPECT_EQ(done, 1);
    other.join();
  }
}

}  // namespace
}  // namespace evolve
