/// \file
/// A table by descriptor.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

#include "evolve/fd.h"

namespace evolve {

/// Keeps a `T` for each descriptor.
///
/// Descriptors are small numbers, since the kernel gives out the lowest that is
/// free. So they are the indexes of a vector.
///
/// - Each number below size() has a place.
/// - A place is `T()` at first.
/// - No place goes away.
template <class T>
class fd_table {
 public:
  /// One more than the greatest descriptor that has a place.
  int size() const noexcept { return static_cast<int>(places_.size()); }

  /// Whether `fd` has a place; a negative number has none.
  bool has(int fd) const noexcept { return index(fd) < places_.size(); }

  /// The place of `fd`. Requires has().
  T& operator[](int fd) noexcept {
    assert(has(fd));
    return places_[index(fd)];
  }

  /// The same place, to look at.
  const T& operator[](int fd) const noexcept {
    assert(has(fd));
    return places_[index(fd)];
  }

  /// The place of `fd`, which it gets if it has none. A number that no
  /// descriptor has is not worth a table of that size.
  /// \throws std::system_error with EBADF when it has none, and is not open.
  T& reserve(int fd) {
    if (!has(fd)) {
      require_open(fd);
      grow(fd);
    }
    return (*this)[fd];
  }

  /// Makes places for `fd` and all below it. Requires `fd` >= 0.
  /// \throws std::bad_alloc when there is no memory; nothing has changed then.
  void grow(int fd) {
    assert(fd >= 0);
    if (index(fd) >= places_.capacity()) places_.reserve(room(fd));
    if (index(fd) >= places_.size()) places_.resize(index(fd) + 1);
  }

  /// For how many places there will be memory when a table has to grow for `fd`:
  /// for a sixteenth more. Twice as much would often be for nothing.
  static std::size_t room(int fd) noexcept { return index(fd) * 17 / 16 + 16; }

 private:
  // Where the place of `fd` is; far beyond all of them for a negative number.
  static std::size_t index(int fd) noexcept {
    return static_cast<std::size_t>(fd);
  }

  std::vector<T> places_;  // by descriptor
};

}  // namespace evolve
