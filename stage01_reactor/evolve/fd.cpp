#include "evolve/fd.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "evolve/fail.h"

namespace evolve {
namespace {

// Such a descriptor stands for a place in the file system, not for a file.
#ifdef O_PATH
constexpr int names_a_place = O_PATH;
#else
constexpr int names_a_place = 0;
#endif

}  // namespace

bool is_open(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1) return false;
  if (flags & names_a_place) errno = EBADF;
  return !(flags & names_a_place);
}

void require_open(int fd) {
  if (is_open(fd)) return;
  fail(errno, "cannot watch descriptor " + std::to_string(fd));
}

}  // namespace evolve
