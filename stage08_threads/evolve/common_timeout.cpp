#include "evolve/common_timeout.h"

#include <stdexcept>
#include <string>

#include "evolve/event_base.h"

namespace evolve {

common_timeout::common_timeout(event_base& base, duration length,
                               std::uint32_t index)
    : base_(base),
      length_(length),
      index_(index),
      timer_(base, -1, what::none, [this] { expire(); }) {
  timer_.flags_ |= evlist::internal;
}

// The place is at the end, or near it: a persistent event that is late counts
// from when it was due.
void common_timeout::insert(event& ev) noexcept {
  event* place = events_.back();
  while (place && place->deadline_ > ev.deadline_) {
    place = place->common_next_.prev;
  }
  events_.insert_after(place, ev);
  if (!place) schedule_front();
}

void common_timeout::erase(event& ev) noexcept {
  const bool first = &events_.front() == &ev;
  events_.remove(ev);
  if (first) schedule_front();
}

void common_timeout::schedule_front() noexcept {
  if (events_.empty()) {
    base_.unschedule(timer_);
  } else {
    const event& first = events_.front();
    base_.schedule(timer_, first.deadline_, first.sequence_);
  }
}

// One at a time: a deadline in the heap may lie between two of the queue.
void common_timeout::expire() noexcept { base_.expire(events_.front()); }

void common_timeout::self_check() const {
  const event* before = nullptr;
  for (const event& ev : events_) {
    if (before && before->deadline_ > ev.deadline_) {
      throw std::logic_error("self_check: the common timeout of " +
                             std::to_string(length_.count()) +
                             " ns is out of order");
    }
    before = &ev;
  }
  if (events_.empty() == any(timer_.flags_ & evlist::timeout)) {
    throw std::logic_error("self_check: a common timeout's timer is wrong");
  }
}

}  // namespace evolve
