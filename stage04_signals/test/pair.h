/// \file
/// Two connected descriptors, for tests.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace evolve {

/// A pair of connected, non-blocking stream sockets: what is written to `b` can
/// be read from `a`, and the other way round. Closed when it goes.
class pair {
 public:
  pair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    for (const int end : ends_) ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  ~pair() {
    close_a();
    close_b();
  }
  pair(const pair&) = delete;
  pair& operator=(const pair&) = delete;

  int a() const { return ends_[0]; }
  int b() const { return ends_[1]; }

  /// Closes one end before the pair goes.
  void close_a() { close(ends_[0]); }
  void close_b() { close(ends_[1]); }

  /// Writes `bytes`, which must fit, to `b`, so that `a` can be read.
  void send(std::string_view bytes = "x") const { write_all(b(), bytes); }

  /// All that can be read from `a` now.
  std::string receive() const {
    std::string all;
    std::array<char, 256> part;
    ssize_t n;
    while ((n = ::read(a(), part.data(), part.size())) > 0) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  static void write_all(int fd, std::string_view bytes) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n == static_cast<ssize_t>(bytes.size())) return;
    throw std::system_error(errno, std::generic_category(), "write");
  }

  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }

  std::array<int, 2> ends_;  // -1 when closed
};

/// The number of a descriptor that has been closed; good until the next one is
/// opened.
inline int closed_fd() {
  return pair().a();
}

}  // namespace evolve
