/// \file
/// Signals, for tests: whatever a test does to them is undone.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <vector>

#include "test/pipe_ends.h"

namespace evolve {

/// What the process does about `signo` now. All zero where it cannot be told.
inline struct sigaction action_of(int signo) {
  struct sigaction now {};
  ::sigaction(signo, nullptr, &now);
  return now;
}

/// Whether two actions are the same, but for what says nothing: flags of the
/// system's own, and all that comes with SIG_DFL or SIG_IGN.
inline bool same(const struct sigaction& a, const struct sigaction& b) {
  constexpr auto flags =
      static_cast<int>(SA_RESTART | SA_SIGINFO | SA_NODEFER | SA_RESETHAND);
  if (a.sa_handler != b.sa_handler) return false;
  if (a.sa_handler == SIG_DFL || a.sa_handler == SIG_IGN) return true;
  bool masks = true;
  for (int signo = 1; signo < NSIG; ++signo) {
    masks &= sigismember(&a.sa_mask, signo) == sigismember(&b.sa_mask, signo);
  }
  return masks && (a.sa_flags & flags) == (b.sa_flags & flags);
}

/// Installs a handler, and at its end what had been there before.
class temporary_action {
 public:
  temporary_action(int signo, const struct sigaction& action) : signo_(signo) {
    ::sigaction(signo, &action, &before_);
  }
  temporary_action(int signo, void (*handler)(int), int flags = 0)
      : temporary_action(signo, make(handler, flags)) {}
  ~temporary_action() { ::sigaction(signo_, &before_, nullptr); }
  temporary_action(const temporary_action&) = delete;
  temporary_action& operator=(const temporary_action&) = delete;

 private:
  static struct sigaction make(void (*handler)(int), int flags) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    return action;
  }

  int signo_;  // whose handler it is
  struct sigaction before_;  // the action that comes back
};

/// A program's own handler, which counts; until the test ends.
class counting_handler {
 public:
  explicit counting_handler(int signo, int flags = SA_RESTART)
      : action_(signo, count, flags) {
    calls_ = 0;
  }

  static int calls() { return calls_; }
  static void count(int) { ++calls_; }

 private:
  static inline std::atomic<int> calls_ = 0;  // calls of all handlers
  temporary_action action_;
};

/// A part of a fixture that fails each test after which a signal is handled
/// otherwise than before, or blocked. Let it be the first base class, so that
/// it looks when all else is gone.
class signals_restored {
 protected:
  signals_restored() {
    for (int signo = 1; signo < NSIG; ++signo) at(signo) = action_of(signo);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
  }
  ~signals_restored() {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int signo = 1; signo < NSIG; ++signo) {
      EXPECT_TRUE(same(at(signo), action_of(signo))) << "signal " << signo;
      EXPECT_EQ(sigismember(&mask_, signo), sigismember(&mask, signo));
    }
  }
  signals_restored(const signals_restored&) = delete;
  signals_restored& operator=(const signals_restored&) = delete;

 private:
  struct sigaction& at(int signo) {
    return actions_[static_cast<std::size_t>(signo)];
  }

  std::array<struct sigaction, NSIG> actions_;  // by signal, at the beginning
  sigset_t mask_;  // of this thread
};

/// Sends `signo` to this thread. Each is handled before the next is sent, so
/// that none of them merges with the one before.
inline void raise(int signo, int times = 1) {
  for (int i = 0; i < times; ++i) ::raise(signo);
}

/// A stack for this thread's handlers that want another than the thread's own.
class alternate_stack {
 public:
  alternate_stack() {
    stack_t ours{};
    ours.ss_sp = memory_.data();
    ours.ss_size = memory_.size();
    ::sigaltstack(&ours, &before_);
  }
  ~alternate_stack() { ::sigaltstack(&before_, nullptr); }
  alternate_stack(const alternate_stack&) = delete;
  alternate_stack& operator=(const alternate_stack&) = delete;

  /// Whether a handler has run on it.
  bool used() const {
    return std::ranges::any_of(memory_, [](char c) { return c != untouched; });
  }

 private:
  static constexpr char untouched = 0x5a;
  std::vector<char> memory_ = std::vector<char>(1 << 17, untouched);
  stack_t before_{};  // the stack that comes back
};

/// What `work` returns, done in a child process; -1 if that has died, or hung.
template <class F>
int in_child(F work) {
  pipe_ends lives;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  lives.close_writer();
  pollfd ended{lives.reader(), POLLIN, 0};
  int news;
  while ((news = ::poll(&ended, 1, 20'000)) == -1 && errno == EINTR) continue;
  if (news == 0) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) == -1 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The descriptors that are open.
inline std::vector<int> open_descriptors() {
  std::vector<int> open;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) open.push_back(fd);
  }
  return open;
}

}  // namespace evolve
