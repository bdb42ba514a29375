/// \file
/// A descriptor that is closed by its owner's end.
#pragma once

#include <unistd.h>

#include <utility>

namespace evolve {

/// Owns a descriptor, as std::unique_ptr owns an object.
class unique_fd {
 public:
  /// Owns `fd`; nothing when it is negative.
  explicit unique_fd(int fd = -1) noexcept : fd_(fd) {}

  /// Owns what `from` did.
  unique_fd(unique_fd&& from) noexcept : fd_(from.release()) {}

  /// Closes what it owned, and owns what `from` did.
  unique_fd& operator=(unique_fd from) noexcept {
    std::swap(fd_, from.fd_);
    return *this;
  }

  ~unique_fd() {
    if (*this) ::close(fd_);
  }

  /// Whether there is a descriptor.
  explicit operator bool() const noexcept { return fd_ >= 0; }

  /// The descriptor, which stays owned; negative when there is none.
  int get() const noexcept { return fd_; }

  /// The descriptor, which is the caller's from now on.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;  // negative: none
};

}  // namespace evolve
