#include "evolve/changelist.h"

namespace evolve {

// A descriptor has one change at most, so there is room for all.
void changelist::reserve(int fd) {
  const auto at = static_cast<std::size_t>(fd);
  if (at < place_.size()) return;
  if (changes_.capacity() <= at) changes_.reserve(2 * (at + 1));
  place_.resize(at + 1);  // last, so that there is room for all that has one
}

// A place says something only if the change there is the descriptor's: so
// clear() need not touch the places.
bool changelist::has(int fd) const noexcept {
  const auto at = static_cast<std::size_t>(fd);
  return at < place_.size() && place_[at] < changes_.size() &&
         changes_[place_[at]].fd == fd;
}

bool changelist::doubts(int fd) const noexcept {
  return has(fd) && changes_[place_[static_cast<std::size_t>(fd)]].doubted;
}

void changelist::note(int fd, what old, what now) noexcept {
  std::size_t& place = place_[static_cast<std::size_t>(fd)];
  if (!has(fd)) {
    place = changes_.size();
    changes_.push_back({fd, old, old, false});
  }
  change& c = changes_[place];
  c.now = now;
  c.doubted |= !any(now) || old == now;
}

void changelist::clear() noexcept { changes_.clear(); }

}  // namespace evolve
