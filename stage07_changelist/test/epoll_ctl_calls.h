/// \file
/// Counts calls of epoll_ctl(), for tests.
#pragma once

#ifdef __linux__

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace evolve {

/// What this program has told epolls so far.
struct epoll_ctl_calls {
  static inline std::atomic<int> count = 0;  ///< how many calls
  static inline std::atomic<int> refusal = 0;  ///< if not 0, of all additions
};

}  // namespace evolve

/// Stands in the program for the C library's, and does what that does, unless
/// the test wants otherwise.
extern "C" [[gnu::used]] inline int epoll_ctl(int epfd, int op, int fd,
                                              epoll_event* wanted) noexcept {
  ++evolve::epoll_ctl_calls::count;
  if (op == EPOLL_CTL_ADD && evolve::epoll_ctl_calls::refusal != 0) {
    errno = evolve::epoll_ctl_calls::refusal;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_epoll_ctl, epfd, op, fd, wanted));
}

#endif
