#include "evolve/ghosts.h"

#include <algorithm>
#include <cassert>

namespace evolve {

void ghosts::appear(int stale, int found, time_point now) noexcept {
  assert(0 < stale && stale <= found);
  stale_ = stale;
  found_ = found;
  since_ = now;
}

bool ghosts::reckon(time_point now, int size) noexcept {
  assert(appeared());
  cost_ += (now - since_) / found_ * stale_;
  stale_ = 0;
  return cost_ >= price_ * size && now >= next_try_;
}

void ghosts::vanish(duration took, int size) noexcept {
  assert(size > 0);
  cost_ = duration::zero();
  price_ = std::min(took / size, limit);
  next_try_ = time_point();
}

}  // namespace evolve
