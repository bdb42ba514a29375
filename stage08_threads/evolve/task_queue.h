/// \file
/// Work that other threads leave for the loop.
#pragma once

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

namespace evolve {

/// A function to be called once.
class task {
 public:
  task() = default;
  virtual ~task() = default;
  task(const task&) = delete;
  task& operator=(const task&) = delete;

  /// Calls the function.
  virtual void run() = 0;

 private:
  friend class task_queue;
  task* next_ = nullptr;  // in the queue
};

/// A task that calls an `F`, which only has to be movable.
template <class F>
class function_task final : public task {
 public:
  /// Holds `function`.
  explicit function_task(F&& function) : function_(std::move(function)) {}

  /// Holds a copy of `function`.
  explicit function_task(const F& function) : function_(function) {}

  void run() override { function_(); }

 private:
  F function_;  // the function to be called
};

/// Tasks, pushed by any thread and taken by one.
///
/// There is no lock: one atomic pointer decides which thread pushes next.
/// What one thread has pushed comes out in its order.
///
/// **Lifetime.** Tasks that are left when the queue goes are destroyed, not
/// run; and so is what they push then.
class task_queue {
 public:
  task_queue() = default;
  ~task_queue() { clear(); }
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;

  /// Any thread may push.
  void push(std::unique_ptr<task> pushed) noexcept;

  /// Whether nothing has been pushed since the last take(). Any thread may ask.
  bool empty() const noexcept { return pushed_.load() == nullptr; }

  /// Makes what has been pushed by now ready for pop(). How much that is.
  int take() noexcept;

  /// The oldest task that has been taken. Requires that there is one.
  std::unique_ptr<task> pop() noexcept;

  /// Destroys all that is left, and what is pushed by that.
  void clear() noexcept;

 private:
  std::atomic<task*> pushed_{nullptr};  // the newest first
  task* taken_ = nullptr;  // the oldest first
  task** end_ = &taken_;  // where the next one is to be linked
};

}  // namespace evolve
