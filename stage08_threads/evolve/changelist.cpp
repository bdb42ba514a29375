#include "evolve/changelist.h"

#include <algorithm>
#include <utility>

namespace evolve {

// A descriptor has one change at most, so there is room for all that has a
// place. The memory beyond is not touched.
void changelist::grow(int fd) {
  const auto at = static_cast<std::size_t>(fd);
  const std::size_t size = at + at / 2 + 1;
  auto more = std::make_unique_for_overwrite<change[]>(size);
  std::copy_n(changes_.get(), count_, more.get());
  place_.resize(size, nowhere);
  changes_ = std::move(more);
}

bool changelist::ended(int fd) const noexcept {
  return has(fd) && changes_[place_[static_cast<std::size_t>(fd)]].ended;
}

bool changelist::doubt(int fd) noexcept {
  if (!has(fd)) return false;
  return changes_[place_[static_cast<std::size_t>(fd)]].doubted = true;
}

void changelist::note(int fd, what old, what now) noexcept {
  std::uint32_t& place = place_[static_cast<std::size_t>(fd)];
  if (place == nowhere) {
    place = count_++;
    changes_[place] = {fd, old, now, false, !any(old)};
  }
  change& c = changes_[place];
  c.now = now;
  c.doubted |= !any(now) || old == now;
  c.ended |= !any(now);
}

void changelist::clear() noexcept {
  for (const change& c : changes()) {
    place_[static_cast<std::size_t>(c.fd)] = nowhere;
  }
  count_ = 0;
}

}  // namespace evolve
