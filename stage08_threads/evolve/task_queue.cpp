#include "evolve/task_queue.h"

#include <cassert>

namespace evolve {

// New tasks go behind what is left, which is nothing most of the time. What has
// been run is dropped when it is the larger part, so that none is moved often.
int task_queue::take() {
  if (next_ > taken_.size() / 2) {
    taken_.erase(taken_.begin(), taken_.begin() + std::ptrdiff_t(next_));
    next_ = 0;
  }
  const std::lock_guard lock(mutex_);
  const std::size_t count = pushed_.size();
  if (taken_.empty()) {
    taken_.swap(pushed_);
  } else {
    taken_.insert(taken_.end(), pushed_.begin(), pushed_.end());
    pushed_.clear();
  }
  any_.store(false, std::memory_order_relaxed);
  return static_cast<int>(count);
}

void task_queue::run() {
  assert(next_ < taken_.size());
  taken_[next_++](true);
}

// The end of a task may push another. Where nothing is left, take() only swaps.
void task_queue::clear() noexcept {
  do {
    while (next_ < taken_.size()) taken_[next_++](false);
  } while (take() > 0);
}

}  // namespace evolve
