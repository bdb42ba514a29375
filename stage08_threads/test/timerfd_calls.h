/// \file
/// Counts calls of timerfd_settime(), for tests.
#pragma once

#ifdef __linux__

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>

namespace evolve {

/// What this program has asked of timers so far.
struct timerfd_calls {
  static inline std::atomic<int> count = 0;  ///< how often one was set
  static inline std::atomic<int> last_fd = -1;  ///< which one was set last
};

}  // namespace evolve

/// Stands in the program for the C library's, and does what that does.
extern "C" [[gnu::used]] inline int timerfd_settime(
    int fd, int flags, const itimerspec* wanted, itimerspec* before) noexcept {
  ++evolve::timerfd_calls::count;
  evolve::timerfd_calls::last_fd = fd;
  return static_cast<int>(
      ::syscall(SYS_timerfd_settime, fd, flags, wanted, before));
}

#endif
