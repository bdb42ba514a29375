#include "evolve/eventop.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <string>
#include <system_error>

#include "evolve/epoll.h"
#include "evolve/poll.h"
#include "evolve/select.h"

namespace evolve {
namespace {

// Such a descriptor stands for a place in the file system, not for a file.
#ifdef O_PATH
constexpr int names_a_place = O_PATH;
#else
constexpr int names_a_place = 0;
#endif

template <class T>
std::unique_ptr<eventop> make() {
  return std::make_unique<T>();
}

constexpr method table[] = {
#ifdef __linux__
    {"epoll", make<epoll>},
#endif
    {"poll", make<poll>},
    {"select", make<select>},
};

}  // namespace

std::span<const method> supported_methods() noexcept {
  return table;
}

std::unique_ptr<eventop> make_eventop(std::string_view name) {
  std::string known;
  for (const method& m : table) {
    if (name == m.name) return m.make();
    known += known.empty() ? m.name : std::string(", ") + m.name;
  }
  throw std::invalid_argument("no method \"" + std::string(name) +
                              "\"; there are: " + known);
}

int timeout_ms(std::optional<std::chrono::nanoseconds> timeout) noexcept {
  using std::chrono::milliseconds;
  if (!timeout) return -1;
  const auto ms = std::chrono::ceil<milliseconds>(*timeout);
  return static_cast<int>(
      std::clamp(ms, milliseconds(0), milliseconds(INT_MAX)).count());
}

bool is_open(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1) return false;
  if (flags & names_a_place) errno = EBADF;
  return !(flags & names_a_place);
}

void require_open(int fd) {
  if (is_open(fd)) return;
  throw std::system_error(errno, std::generic_category(),
                          "cannot watch descriptor " + std::to_string(fd));
}

}  // namespace evolve
