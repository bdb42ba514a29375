#include "evolve/ghosts.h"

#include <algorithm>

namespace evolve {
namespace {

duration times(duration one, std::size_t count) noexcept {
  return one * static_cast<duration::rep>(count);
}

duration part(duration whole, std::size_t count) noexcept {
  return whole / static_cast<duration::rep>(count);
}

}  // namespace

void ghosts::appear(std::size_t stale, std::size_t found,
                    time_point now) noexcept {
  stale_ = stale;
  found_ = found;
  since_ = now;
}

bool ghosts::reckon(time_point now, std::size_t size) noexcept {
  cost_ += times(part(now - since_, found_), stale_);
  stale_ = 0;
  return cost_ >= times(price_, size) && now >= next_try_;
}

void ghosts::vanish(duration took, std::size_t size) noexcept {
  cost_ = duration::zero();
  price_ = std::min(part(took, size), limit);
  next_try_ = time_point();
}

}  // namespace evolve
