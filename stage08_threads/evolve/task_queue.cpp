#include "evolve/task_queue.h"

#include <cassert>

namespace evolve {

void task_queue::push(std::unique_ptr<task> pushed) noexcept {
  task* const newest = pushed.release();
  newest->next_ = pushed_.load(std::memory_order_relaxed);
  while (!pushed_.compare_exchange_weak(newest->next_, newest)) continue;
}

// What comes out is in the order opposite to that of pushing, so it is linked
// from its end.
int task_queue::take() noexcept {
  int count = 0;
  task* oldest = nullptr;
  task* newest = pushed_.exchange(nullptr);
  task* const last = newest;
  for (; newest; ++count) {
    oldest = std::exchange(newest, std::exchange(newest->next_, oldest));
  }
  *end_ = oldest;
  if (last) end_ = &last->next_;
  return count;
}

std::unique_ptr<task> task_queue::pop() noexcept {
  assert(taken_);
  std::unique_ptr<task> oldest(taken_);
  taken_ = oldest->next_;
  if (!taken_) end_ = &taken_;
  return oldest;
}

// The end of a task may push another.
void task_queue::clear() noexcept {
  do {
    while (taken_) pop();
  } while (take() > 0);
}

}  // namespace evolve
