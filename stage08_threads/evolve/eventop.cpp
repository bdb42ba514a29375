#include "evolve/eventop.h"

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <string>

#include "evolve/epoll.h"
#include "evolve/epoll_changelist.h"
#include "evolve/kqueue.h"
#include "evolve/poll.h"
#include "evolve/select.h"

namespace evolve {
namespace {

template <class T>
std::unique_ptr<eventop> make() {
  return std::make_unique<T>();
}

constexpr method table[] = {
#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)
    {"kqueue", make<kqueue>},
#endif
#ifdef __linux__
    {"epoll (with changelist)", make<epoll_changelist>},
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

timespec to_timespec(std::chrono::nanoseconds length) noexcept {
  const auto s = std::chrono::floor<std::chrono::seconds>(length);
  return {static_cast<std::time_t>(s.count()),
          static_cast<long>((length - s).count())};
}

}  // namespace evolve
