#include "evolve/task_queue.h"

#include <cassert>

namespace evolve {

// Behind what is left, which is nothing most of the time.
int task_queue::take() {
  const std::lock_guard lock(mutex_);
  const std::size_t count = pushed_.size();
  if (next_ == taken_.size()) {
    next_ = 0;
    taken_.clear();
    taken_.swap(pushed_);
  } else {
    taken_.insert(taken_.end(), pushed_.begin(), pushed_.end());
    pushed_.clear();
  }
  any_.store(false, std::memory_order_relaxed);
  return static_cast<int>(count);
}

task& task_queue::next() noexcept {
  assert(next_ < taken_.size());
  return taken_[next_++];
}

// The end of a task may push another. Where nothing is left, take() only swaps.
void task_queue::clear() noexcept {
  do {
    while (next_ < taken_.size()) next()(false);
  } while (take() > 0);
}

}  // namespace evolve
