/// \file
/// What it takes to be used by several threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "evolve/what.h"

namespace evolve {

/// A mutex that is there only once it has been asked for; until then, to lock
/// it costs a branch.
/// \libevent{evthread-internal.h,EVLOCK_LOCK}
class evthread_lock {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  /// From now on it is a mutex. Requires that no other thread knows it yet.
  void enable() noexcept { enabled_ = true; }

  /// Whether it is a mutex by now.
  bool enabled() const noexcept { return enabled_; }

  /// Waits until no other thread has it. Most have it for less time than it
  /// takes to sleep and be woken, so that a thread tries for a while first.
  void lock() {
    if (enabled_) acquire();
  }

  /// Requires that this thread has it.
  void unlock() {
    if (enabled_) mutex_.unlock();
  }

  /// The same; until this thread has it again, taken() tells whether another
  /// has had it meanwhile.
  void lend() {
    if (enabled_) taken_.store(false, std::memory_order_relaxed);
    unlock();
  }

  /// Whether any thread has had it since the last lend(); true also where there
  /// is no mutex. To be asked by the thread that has lent it.
  bool taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

  /// Puts all calls of it in one order, without the lock: a thread that calls it
  /// sees what each thread did before an earlier call.
  void line_up() noexcept {
    if (enabled_) order_.exchange(0, std::memory_order_acq_rel);
  }

 private:
  // Not inline: where there is no mutex, to lock is to be a branch.
  [[gnu::noinline]] void acquire() {
    int tries = 100;
    while (tries > 0 && !mutex_.try_lock()) --tries;
    if (tries == 0) mutex_.lock();
    taken_.store(true, std::memory_order_relaxed);
  }

  bool enabled_ = false;  // the mutex has been asked for
  std::atomic<int> order_{0};  // what line_up() exchanges; it tells nothing
  // The rest is in another cache line: the loop writes it, and would take the
  // line away from a thread that only lines up.
  alignas(64) std::mutex mutex_;  // at rest until it is asked for
  std::atomic<bool> taken_{true};  // a thread has had it since lend()
};

/// Gives a lock away for as long as it lives, as std::lock_guard takes it.
class evthread_unlock {
 public:
  /// Requires that this thread has `lock`.
  explicit evthread_unlock(evthread_lock& lock) : lock_(lock) { lock.lend(); }
  ~evthread_unlock() { lock_.lock(); }
  evthread_unlock(const evthread_unlock&) = delete;
  evthread_unlock& operator=(const evthread_unlock&) = delete;

 private:
  evthread_lock& lock_;  // the lock that is given away
};

/// Where threads wait for the end of something that another one does, again and
/// again, without the lock.
/// \libevent{event-internal.h,event_base}
class evthread_fence {
 public:
  /// Waits for the end of what is being done. Requires that this thread has
  /// `lock`, which it gives away meanwhile.
  void wait(evthread_lock& lock) {
    const unsigned long end = ends_;
    ++waiters_;
    cond_.wait(lock, [&] { return ends_ != end; });
    --waiters_;
    cond_.notify_all();
  }

  /// What was being done has ended. Goes on after the threads that waited: else
  /// it might be done again before they can prevent it. Requires that this
  /// thread has `lock`.
  void open(evthread_lock& lock) noexcept {
    if (waiters_ == 0) return;
    ++ends_;
    cond_.notify_all();
    cond_.wait(lock, [&] { return waiters_ == 0; });
  }

 private:
  unsigned long ends_ = 0;  // how many ends were waited for
  int waiters_ = 0;  // how many threads wait
  std::condition_variable_any cond_;  // how these threads are told, and tell
};

/// A set of bits that one thread writes at a time, under a lock, and that any
/// may read without it. A thread that reads a value sees all that was done
/// before it was written.
template <bitmask E>
class evthread_bits {
 public:
  /// Not explicit, and converts back, so that it can be used as an `E`.
  explicit(false) evthread_bits(E bits) noexcept : bits_(bits) {}

  /// What the set was when it was written last.
  explicit(false) operator E() const noexcept {
    return bits_.load(std::memory_order_acquire);
  }

  /// Writes the set.
  evthread_bits& operator=(E bits) noexcept {
    bits_.store(bits, std::memory_order_release);
    return *this;
  }

  /// Writes it with `more` in it.
  evthread_bits& operator|=(E more) noexcept { return *this = *this | more; }

  /// Writes it with only that in it which is in `mask`.
  evthread_bits& operator&=(E mask) noexcept { return *this = *this & mask; }

  /// Whether there is anything in `a`.
  friend bool any(const evthread_bits& a) noexcept { return E(a) != E{}; }

  /// The set, and what is in `b`.
  friend E operator|(const evthread_bits& a, E b) noexcept { return E(a) | b; }

  /// What of the set is in `b` too.
  friend E operator&(const evthread_bits& a, E b) noexcept { return E(a) & b; }

 private:
  std::atomic<E> bits_;  // the set
};

}  // namespace evolve
