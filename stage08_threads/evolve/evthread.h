/// \file
/// What it takes to be used by several threads.
#pragma once

#include <atomic>
#include <mutex>

#include "evolve/what.h"

namespace evolve {

/// A mutex that is there only once somebody has asked for it; until then, to
/// lock it costs a branch.
/// \libevent{evthread-internal.h,EVLOCK_LOCK}
class evthread_lock {
 public:
  /// From now on it is a mutex. Requires that no other thread knows it yet.
  void enable() noexcept { enabled_ = true; }

  /// Whether it is one.
  bool enabled() const noexcept { return enabled_; }

  /// Waits until no other thread has it.
  void lock() {
    if (enabled_) mutex_.lock();
  }

  /// Requires that this thread has it.
  void unlock() {
    if (enabled_) mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  bool enabled_ = false;
};

/// Gives a lock away for as long as it lives, as std::lock_guard takes it.
class evthread_unlock {
 public:
  /// Requires that this thread has `lock`.
  explicit evthread_unlock(evthread_lock& lock) : lock_(lock) {
    lock_.unlock();
  }
  ~evthread_unlock() { lock_.lock(); }
  evthread_unlock(const evthread_unlock&) = delete;
  evthread_unlock& operator=(const evthread_unlock&) = delete;

 private:
  evthread_lock& lock_;
};

/// A set of bits that one thread writes at a time, under a lock, and that any
/// may read without it. Whoever reads a value sees all that was done before it
/// was written.
template <bitmask E>
class evthread_bits {
 public:
  /// Not explicit, and converts back, so that it can be used as an `E`.
  explicit(false) evthread_bits(E bits) noexcept : bits_(bits) {}

  /// What the set was when it was written last.
  explicit(false) operator E() const noexcept {
    return bits_.load(std::memory_order_acquire);
  }

  /// Writes the set; so do the next two.
  evthread_bits& operator=(E bits) noexcept {
    bits_.store(bits, std::memory_order_release);
    return *this;
  }
  evthread_bits& operator|=(E more) noexcept { return *this = *this | more; }
  evthread_bits& operator&=(E mask) noexcept { return *this = *this & mask; }

  friend E operator|(const evthread_bits& a, E b) noexcept { return E(a) | b; }
  friend E operator&(const evthread_bits& a, E b) noexcept { return E(a) & b; }

 private:
  std::atomic<E> bits_;
};

}  // namespace evolve
