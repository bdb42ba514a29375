#include "evolve/self_pipe.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "evolve/fail.h"

namespace evolve {
namespace {

#ifdef __APPLE__
// It has no pipe2(): a child that another thread starts in between inherits.
bool open_both(int (&ends)[2]) noexcept {
  if (::pipe(ends) != 0) return false;
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  return true;
}
#else
bool open_both(int (&ends)[2]) noexcept {
  return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
}
#endif

// While it lives, its thread is not cancelled: write(), read() and close() are
// cancellation points, and a handler or a destructor cannot be left there.
class uncancelled {
 public:
  uncancelled() noexcept {
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
  }
  ~uncancelled() { ::pthread_setcancelstate(before_, &before_); }
  uncancelled(const uncancelled&) = delete;
  uncancelled& operator=(const uncancelled&) = delete;

 private:
  int before_;  // what its thread had chosen
};

}  // namespace

self_pipe::self_pipe() {
  if (!open_both(ends_)) fail(errno, "pipe to wake the loop");
  for (int i = 0; i < 2; ++i) made_[i] = behind(ends_[i]);
}

self_pipe::~self_pipe() {
  const uncancelled guard;
  for (int i = 0; i < 2; ++i) {
    if (behind(ends_[i]) == made_[i]) ::close(ends_[i]);
  }
}

// NetBSD and OpenBSD number no pipes: there all are taken for ours.
self_pipe::identity self_pipe::behind(int fd) noexcept {
  struct stat found;
  if (::fstat(fd, &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

void self_pipe::write() noexcept {
  const uncancelled guard;
  [[maybe_unused]] const ssize_t one = ::write(ends_[1], "", 1);
}

void self_pipe::drain() noexcept {
  const uncancelled guard;
  char bytes[16];
  while (::read(ends_[0], bytes, sizeof bytes) == sizeof bytes) continue;
}

}  // namespace evolve
