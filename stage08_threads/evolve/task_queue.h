/// \file
/// Work that other threads leave for the loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace evolve {

/// A function to be called once, in three words. It is told whether it runs, or
/// is only to free what it owns. It is copied byte by byte.
class task {
 public:
  /// Holds a copy of `function`, which takes whether it runs.
  template <class F>
  explicit task(const F& function) noexcept
      : call_([](void* object, bool runs) {
          (*std::launder(static_cast<F*>(object)))(runs);
        }) {
    static_assert(sizeof(F) <= sizeof(object_));
    ::new (object_) F(function);
  }

  /// Calls the function.
  void operator()(bool runs) { call_(object_, runs); }

 private:
  void (*call_)(void*, bool);  // knows the type
  alignas(void*) std::byte object_[2 * sizeof(void*)];  // the function
};

/// Tasks, pushed by any thread and taken by one. What one thread has pushed
/// comes out in its order.
///
/// The lock is held for as long as it takes to write one task or to swap two
/// arrays; longer only when an array grows, or something is left of the last
/// time. They keep the room that they have needed.
///
/// **Lifetime.** Tasks that are left when the queue goes are destroyed, not
/// run; and so is what they push then.
class task_queue {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  ~task_queue() { clear(); }

  /// Any thread may push. Whether `function` is the first since the last take(),
  /// so that the loop has to be told; `tellers` is counted up before it can know.
  /// \throws std::bad_alloc when there is no memory; then the queue is as it was.
  template <class F>
  bool push(F&& function, std::atomic<int>& tellers) {
    using held = std::decay_t<F>;
    if constexpr (sizeof(held) <= 2 * sizeof(void*) &&
                  std::is_trivially_copyable_v<held> &&
                  alignof(held) <= alignof(void*) &&
                  std::is_copy_constructible_v<held>) {
      const auto in_place = [copy = held(function)](bool runs) mutable {
        if (runs) copy();
      };
      return append(in_place, tellers);
    } else {
      auto made = std::make_unique<held>(std::forward<F>(function));
      const auto owner = [owned = made.get()](bool runs) {
        const std::unique_ptr<held> freed(owned);
        if (runs) (*freed)();
      };
      const bool first = append(owner, tellers);
      static_cast<void>(made.release());  // the function may be gone by now
      return first;
    }
  }

  /// Whether nothing has been pushed since the last take(). Any thread may ask.
  bool empty() const noexcept { return !any_.load(); }

  /// Makes what has been pushed by now ready for run(). How much that is.
  /// \throws std::bad_alloc when something is left of the last time, and there
  ///     is no memory for both; then nothing has changed.
  int take();

  /// Runs the oldest task that has been taken. Requires that there is one.
  void run();

  /// Destroys all that is left, and what is pushed by that.
  void clear() noexcept;

 private:
  // Written in its place: to copy a task takes longer than all the rest.
  template <class F>
  bool append(const F& function, std::atomic<int>& tellers) {
    const std::lock_guard lock(mutex_);
    pushed_.emplace_back(function);
    if (pushed_.size() > 1) return false;
    ++tellers;
    any_.store(true);
    return true;
  }

  std::vector<task> taken_;  // the loop's, the oldest first
  std::size_t next_ = 0;  // the place of the next task

  // The rest is in another cache line: what the loop writes for each task would
  // take this one from the thread that pushes.
  alignas(64) std::mutex mutex_;  // for what is pushed
  std::vector<task> pushed_;  // the oldest first
  std::atomic<bool> any_{false};  // whether a task is there
};

}  // namespace evolve
