#include "evolve/event.h"

#include <stdexcept>
#include <type_traits>

#include "evolve/event_base.h"

namespace evolve {

static_assert(std::is_standard_layout_v<event>);

event::event(event_base& base, int fd, what events, callback function)
    : callback_(function), fd_(fd), base_(&base), events_(events) {
  if (any(events & what::unwatched)) {
    throw std::invalid_argument("event: nothing can wait for unwatched");
  }
}

event::~event() {
  if (any(flags_)) base_->del(*this);
}

void event::add() {
  base_->add(*this);
}

void event::del() noexcept {
  base_->del(*this);
}

what event::pending() const noexcept {
  return any(flags_ & evlist::inserted) ? events_ & any_io : what::none;
}

}  // namespace evolve
