#include "evolve/self_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace evolve {

self_pipe::self_pipe() {
  if (::pipe(ends_) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "pipe to wake the loop");
  }
  for (const int end : ends_) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
}

self_pipe::~self_pipe() {
  for (const int end : ends_) ::close(end);
}

void self_pipe::write() noexcept {
  [[maybe_unused]] const ssize_t one = ::write(ends_[1], "", 1);
}

void self_pipe::drain() noexcept {
  char bytes[16];
  while (::read(ends_[0], bytes, sizeof bytes) == sizeof bytes) continue;
}

}  // namespace evolve
