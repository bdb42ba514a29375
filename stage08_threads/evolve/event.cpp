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
  if (!any(flags_ & ~(evlist::internal | evlist::finalizing))) return;
  const event_base::locked guard(*base_);
  base_->forget(*this);
}

void event::add(std::optional<duration> timeout) {
  const event_base::locked guard(*base_);
  if (timeout) return base_->add(*this, *timeout);
  base_->add(*this);
}

void event::add(common_timeout& timeout) {
  const event_base::locked guard(*base_);
  base_->add(*this, timeout);
}

// What its callback has added again, while it was waited for, is deleted too.
void event::del() noexcept {
  const event_base::locked guard(*base_);
  do {
    base_->del(*this);
  } while (base_->wait_for_callback(*this));
}

void event::del_noblock() noexcept {
  const event_base::locked guard(*base_);
  base_->del(*this);
}

void event::finalize(callback function) {
  const event_base::locked guard(*base_);
  base_->finalize(*this, function);
}

void event::remove_timer() noexcept {
  const event_base::locked guard(*base_);
  base_->remove_timer(*this);
}

// If the loop lines up later, for the call, the callback sees what this thread
// has done. If it has done so before, this thread sees that the flag is off.
void event::active(what res) {
  base_->th_base_lock_.line_up();
  const bool asked = any(flags_ & evlist::asked);
  if (asked && !any(res & (~what(res_) | what::unwatched))) return;
  const event_base::locked guard(*base_);
  base_->active(*this, res);
}

void event::active_later(what res) {
  const event_base::locked guard(*base_);
  base_->active_later(*this, res);
}

what event::pending(what mask) const noexcept {
  const event_base::locked guard(*base_);
  return waits() & mask;
}

what event::waits() const noexcept {
  what found = what::none;
  if (any(flags_ & evlist::inserted)) {
    found |= events_ & (any_io | what::signal);
  }
  if (any(flags_ & evlist::active)) found |= what(res_);
  if (any(flags_ & evlist::timeout)) found |= what::timeout;
  return found;
}

std::optional<time_point> event::deadline() const noexcept {
  const event_base::locked guard(*base_);
  if (!any(flags_ & evlist::timeout)) return std::nullopt;
  return deadline_;
}

void event::priority_set(int priority) {
  const event_base::locked guard(*base_);
  base_->set_priority(*this, priority);
}

int event::priority() const noexcept {
  const event_base::locked guard(*base_);
  return pri_;
}

}  // namespace evolve
