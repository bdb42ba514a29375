#include "evolve/changelist.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace evolve {

// A descriptor has one change at most, so there is room for all that has a
// place. The memory beyond is not touched.
void changelist::grow(int fd) {
  const std::size_t room = decltype(idxplus1_)::room(fd);
  auto more = std::make_unique_for_overwrite<change[]>(room);
  std::copy_n(changes_.get(), count_, more.get());
  idxplus1_.grow(static_cast<int>(room) - 1);
  changes_ = std::move(more);
}

bool changelist::ended(int fd) const noexcept {
  return has(fd) && changes_[idxplus1_[fd] - 1].ended;
}

bool changelist::doubt(int fd) noexcept {
  if (!has(fd)) return false;
  return changes_[idxplus1_[fd] - 1].doubted = true;
}

void changelist::note(int fd, what old, what now) noexcept {
  std::uint32_t& place = idxplus1_[fd];
  if (place == 0) {
    changes_[count_] = {fd, old, now, false, !any(old)};
    place = ++count_;
  }
  change& c = changes_[place - 1];
  c.now = now;
  c.doubted |= !any(now) || old == now;
  c.ended |= !any(now);
}

void changelist::clear() noexcept {
  for (const change& c : changes()) idxplus1_[c.fd] = 0;
  count_ = 0;
}

}  // namespace evolve
