/// \file
/// What has changed since the kernel was told last.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "evolve/fd_table.h"
#include "evolve/what.h"

namespace evolve {

/// Merges the changes of each descriptor until a wait.
///
/// Of many changes only the first `old` and the last `now` count: what is
/// taken away and put back need not be told. With one exception. Between the
/// two, the descriptor may have been closed, and its number be another file's,
/// of which the kernel knows nothing. While something is wanted all the time,
/// that cannot be, by the rule that events are deleted before their descriptor
/// is closed. But a descriptor that was wanted for nothing in between is
/// **doubted**: the kernel has to be asked, even when `now` is as `old`.
///
/// \libevent{evmap.c,event_changelist}
class changelist {
 public:
  /// The changes of one descriptor.
  struct change {
    int fd;  ///< the descriptor
    what old;  ///< what the kernel knows
    what now;  ///< the conditions wanted
    bool doubted;  ///< the kernel may know it of another file
    bool ended = false;  ///< no condition was wanted, at first or in between
  };

  /// Has a place for `fd`, and room for `count` changes in all.
  void reserve(int fd, std::size_t count) {
    idxplus1_.grow(fd);
    make_room(count);
  }

  /// Has room for `count` changes in all.
  void make_room(std::size_t count) {
    if (count > changes_.size()) changes_.resize(count);
  }

  /// Whether `fd` has changed.
  bool has(int fd) const noexcept {
    return idxplus1_.has(fd) && idxplus1_[fd] != 0;
  }

  /// Whether `fd` has been wanted for nothing since the last clear(): what the
  /// kernel has said of it may be of another file.
  bool ended(int fd) const noexcept {
    return has(fd) && changes_[idxplus1_[fd] - 1].ended;
  }

  /// Has the kernel asked about `fd`, if that has changed; whether it has.
  bool doubt(int fd) noexcept {
    return has(fd) && (changes_[idxplus1_[fd] - 1].doubted = true);
  }

  /// `fd` was wanted for `old`, and is for `now`; when they are the same, the
  /// kernel is to be asked. Returns whether there is no more room then. Requires
  /// reserve(), and room if `fd` has no change yet.
  /// \libevent{evmap.c,event_changelist_add_}
  bool note(int fd, what old, what now) noexcept {
    std::uint32_t& place = idxplus1_[fd];
    const bool first = place == 0;
    if (first) {
      assert(count_ < changes_.size());
      changes_[count_] = {fd, old, old, false};
      place = ++count_;
    }
    change& c = changes_[place - 1];
    c.now = now;
    c.doubted |= !any(now) || old == now;
    c.ended |= !any(old) || !any(now);
    return first && count_ == changes_.size();
  }

  /// All changes since the last clear(), a descriptor once.
  std::span<const change> changes() const noexcept {
    return {changes_.data(), count_};
  }

  /// The kernel has been told.
  void clear() noexcept {
    for (const change& c : changes()) idxplus1_[c.fd] = 0;
    count_ = 0;
  }

 private:
  std::vector<change> changes_;  // in the order of the first, and room
  std::uint32_t count_ = 0;  // how many changes there are
  fd_table<std::uint32_t> idxplus1_;  // its change, counted from 1; or 0
};

}  // namespace evolve
