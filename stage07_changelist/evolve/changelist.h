/// \file
/// What has changed since the kernel was told last.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

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
  };

  /// Makes room for `fd`, so that note() cannot fail.
  void reserve(int fd) {
    if (!idxplus1_.has(fd)) grow(fd);
  }

  /// Whether `fd` has changed.
  bool has(int fd) const noexcept {
    return idxplus1_.has(fd) && idxplus1_[fd] != 0;
  }

  /// `fd` was wanted for `old`, and is for `now`; when they are the same, the
  /// kernel is to be asked. Requires reserve().
  /// \libevent{evmap.c,event_changelist_add_}
  void note(int fd, what old, what now) noexcept;

  /// All changes since the last clear(), a descriptor once.
  std::span<const change> changes() const noexcept {
    return {changes_.get(), count_};
  }

  /// The kernel has been told.
  void clear() noexcept;

 private:
  void grow(int fd);  // has places for it, and for some more

  std::unique_ptr<change[]> changes_;  // in the order of the first
  std::uint32_t count_ = 0;  // how many changes there are
  fd_table<std::uint32_t> idxplus1_;  // its change, counted from 1; or 0
};

}  // namespace evolve
