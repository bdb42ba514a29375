/// \file
/// A forked child, for tests.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <system_error>

#include "evolve/unique_fd.h"

namespace evolve {

/// Does a piece of work in a child process, beside the test:
///
///     child_process child([&] { base.reinit(); …; return trace; });
///     EXPECT_EQ(child.says(), "read timeout");
class child_process {
 public:
  /// Forks. `work` returns a string; or throws, and that is what it says.
  template <class F>
  explicit child_process(F work) {
    int ends[2];
    if (::pipe(ends) != 0) fail("pipe");
    unique_fd writes(ends[1]);
    answer_ = unique_fd(ends[0]);
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) end(writes.get(), told(work));
  }
  /// Ends the child, if it has not.
  ~child_process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// What `work` has returned, when it has; nothing if the child has died.
  std::string says() {
    std::string all;
    std::array<char, 256> part;
    ssize_t n;
    while ((n = ::read(answer_.get(), part.data(), part.size())) != 0) {
      if (n > 0) all.append(part.data(), static_cast<std::size_t>(n));
      if (n < 0 && errno != EINTR) fail("read");
    }
    return all;
  }

 private:
  static constexpr unsigned patience = 20;  // seconds, for a child that hangs

  template <class F>
  static std::string told(F work) noexcept try {
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(patience);
    return work();
  } catch (const std::exception& thrown) {
    return thrown.what();
  }

  [[noreturn]] static void end(int fd, const std::string& answer) {
    const ssize_t n = ::write(fd, answer.data(), answer.size());
    ::_exit(n == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }

  [[noreturn]] static void fail(const char* tried) {
    throw std::system_error(errno, std::generic_category(), tried);
  }

  pid_t pid_;  // the process to wait for
  unique_fd answer_;  // the pipe that brings its answer
};

}  // namespace evolve
