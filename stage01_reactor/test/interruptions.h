/// \file
/// Signals that interrupt what a test waits in.
#pragma once

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace evolve {

/// Interrupts the process with SIGALRM every millisecond while it lives; so the
/// first one may come too early for what it is to interrupt, but not all. Each
/// writes a byte to `fd`, when there is one.
class interruptions {
 public:
  explicit interruptions(int fd = -1) {
    fd_ = fd;
    struct sigaction interrupt = {};
    interrupt.sa_handler = [](int) {
      const int before = errno;
      const auto to = static_cast<int>(fd_);
      if (to >= 0 && ::write(to, "x", 1) != 1) fd_ = -1;
      errno = before;
    };
    ::sigaction(SIGALRM, &interrupt, &before_);
    every(1'000);
  }
  ~interruptions() {
    every(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  interruptions(const interruptions&) = delete;
  interruptions& operator=(const interruptions&) = delete;

 private:
  static void every(suseconds_t usec) {
    const itimerval interval = {{0, usec}, {0, usec}};
    ::setitimer(ITIMER_REAL, &interval, nullptr);
  }

  static inline volatile sig_atomic_t fd_;  // for the handler
  struct sigaction before_;
};

}  // namespace evolve
