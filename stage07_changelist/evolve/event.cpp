#include "evolve/event.h"

#include <stdexcept>
#include <type_traits>

#include "evolve/event_base.h"

namespace evolve {

static_assert(std::is_standard_layout_v<event>);

// Two cache lines, on a machine with 64-bit pointers.
static_assert(sizeof(void*) != 8 || sizeof(event) == 128);

event::event(event_base& base, int fd, what events, callback function)
    : callback_(function),
      fd_(fd),
      base_(&base),
      pri_(base.middle_priority()),
      events_(events) {
  if (any(events & what::unwatched)) {
    throw std::invalid_argument("event: nothing can wait for unwatched");
  }
  if (any(events & what::signal) && any(events & any_io)) {
    throw std::invalid_argument(
        "event: a signal cannot be waited for together with " +
        to_string(events & any_io));
  }
}

event::~event() {
  if (any(flags_ & ~evlist::internal)) base_->forget(*this);
}

void event::add(std::optional<duration> timeout) {
  if (timeout) return base_->add(*this, *timeout);
  base_->add(*this);
}

void event::add(common_timeout& timeout) {
  base_->add(*this, timeout);
}

void event::del() noexcept {
  base_->del(*this);
}

void event::remove_timer() noexcept {
  base_->remove_timer(*this);
}

void event::active(what res) {
  base_->active(*this, res);
}

what event::pending(what mask) const noexcept {
  return waits() & mask;
}

what event::waits() const noexcept {
  what found = what::none;
  if (any(flags_ & evlist::inserted)) {
    found |= events_ & (any_io | what::signal);
  }
  if (any(flags_ & evlist::active)) found |= res_;
  if (any(flags_ & evlist::timeout)) found |= what::timeout;
  return found;
}

std::optional<time_point> event::deadline() const noexcept {
  if (!any(flags_ & evlist::timeout)) return std::nullopt;
  return deadline_;
}

void event::priority_set(int priority) {
  base_->set_priority(*this, priority);
}

}  // namespace evolve
