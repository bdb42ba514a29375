#include "evolve/evmap.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "evolve/log.h"

namespace evolve {
namespace {

void require_possible(const eventop& evsel, const event& ev) {
  if (!any(ev.events() & what::closed)) return;
  if (any(evsel.features() & feature::early_close)) return;
  throw std::invalid_argument(std::string("event::add: ") + evsel.name() +
                              " cannot tell that a peer has closed");
}

// The kernel has one mode for a descriptor.
void require_agreement(const evmap::list& others, const event& ev) {
  if (others.empty()) return;
  const what mode = others.front().events() & what::et;
  if ((ev.events() & what::et) == mode) return;
  throw std::invalid_argument("event::add: some events on descriptor " +
                              std::to_string(ev.fd()) +
                              " are edge-triggered, and some are not");
}

void tell(eventop& evsel, int fd, what old, what now) try {
  evsel.add(fd, old, now);
} catch (const std::exception& refusal) {
  log(severity::debug,
      [&] { return std::string(evsel.name()) + ": " + refusal.what(); });
  throw;
}

}  // namespace

what evmap::slot::counted() const noexcept {
  if (events.empty()) return what::none;
  return (nread ? what::read : what::none) |
         (nwrite ? what::write : what::none) |
         (nclose ? what::closed : what::none) |
         (events.front().events_ & what::et);
}

void evmap::slot::count(what waits, std::uint32_t by) noexcept {
  if (any(waits & what::read)) nread += by;
  if (any(waits & what::write)) nwrite += by;
  if (any(waits & what::closed)) nclose += by;
}

void evmap::add(eventop& evsel, event& ev) {
  slot& s = io_.reserve(ev.fd_);
  require_possible(evsel, ev);
  require_agreement(s.events, ev);
  const what now = s.wanted | (ev.events_ & (any_io | what::et));
  if (now != s.wanted || any(evsel.features() & feature::o1)) {
    tell(evsel, ev.fd_, s.wanted, now);
  }
  s.wanted = now;
  s.count(ev.events_, 1);
  s.events.push_back(ev);
}

void evmap::del(eventop& evsel, event& ev) noexcept {
  slot& s = io_[ev.fd_];
  s.events.remove(ev);
  s.count(ev.events_, ~std::uint32_t{0});  // one event less
  const what old = std::exchange(s.wanted, s.counted());
  if (s.wanted != old) evsel.del(ev.fd_, old, s.wanted);
}

void evmap::self_check() const {
  for (int fd = 0; fd < size(); ++fd) {
    slot found;
    for (const event& ev : waiting_on(fd)) found.count(ev.events_, 1);
    const slot& kept = io_[fd];
    if (found.nread == kept.nread && found.nwrite == kept.nwrite &&
        found.nclose == kept.nclose) {
      continue;
    }
    throw std::logic_error("self_check: descriptor " + std::to_string(fd) +
                           " has other events than its map counts");
  }
}

}  // namespace evolve
