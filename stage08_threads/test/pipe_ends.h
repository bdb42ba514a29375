/// \file
/// A pipe, for tests of what its end says when the other is gone.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace evolve {

/// The two ends of a pipe, non-blocking. Unlike a socket, the reading end knows
/// of a hangup when the writing end is closed, and nothing else; and the
/// writing end, while the pipe is full, of an error when the reading one is.
class pipe_ends {
 public:
  pipe_ends() {
    if (::pipe(ends_.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe");
    }
    for (const int end : ends_) ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  ~pipe_ends() {
    close_reader();
    close_writer();
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }

  /// Closes one end before the pipe goes.
  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }

  std::array<int, 2> ends_;  // -1 when closed
};

/// Writes into `fd` as much as it takes.
inline void fill(int fd) {
  const std::array<char, 4096> block = {};
  while (::write(fd, block.data(), block.size()) > 0) continue;
}

}  // namespace evolve
