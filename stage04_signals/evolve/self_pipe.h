/// \file
/// A pipe that the library writes to in order to read it.
#pragma once

namespace evolve {

/// Makes a descriptor readable on request, so that the loop on it wakes.
///
/// What is written carries nothing: a pipe that is full is readable all the
/// more. Both ends are close-on-exec from their beginning, where the system has
/// pipe2(), and never block.
///
/// **Threads.** Any may write, and so may a signal handler. None of its
/// functions is a cancellation point.
class self_pipe {
 public:
  /// \throws std::system_error when there are no descriptors for it.
  self_pipe();

  /// Closes both ends.
  ~self_pipe();

  self_pipe(const self_pipe&) = delete;
  self_pipe& operator=(const self_pipe&) = delete;

  /// What gets readable. It stays the pipe's own.
  int read_end() const noexcept { return ends_[0]; }

  /// Makes it readable. Leaves nothing changed but perhaps `errno`.
  void write() noexcept;

  /// Makes it unreadable again, however often it has been written to.
  void drain() noexcept;

 private:
  int ends_[2];  // the read end and the write end
};

}  // namespace evolve
