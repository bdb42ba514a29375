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

void common_timeout::insert(event& ev) noexcept {
  event* const place = place_for(ev.deadline_);
  if (place != events_.back()) finger_ = &ev;
  events_.insert_after(place, ev);
  if (!place) schedule_front();
}

void common_timeout::erase(event& ev) noexcept {
  const bool first = &events_.front() == &ev;
  if (finger_ == &ev) finger_ = ev.common_next_.prev;
  events_.remove(ev);
  if (first) schedule_front();
}

// The place is at the end, but for a persistent event that is late: it counts
// from when it was due. Of many such, each belongs near the one before. So a
// step back from the end takes turns with a step from there, either way.
event* common_timeout::place_for(time_point due) const noexcept {
  const auto later = [due](const event* ev) {
    return ev && ev->deadline_ > due;
  };
  event* place = events_.back();
  event* near = finger_;
  for (; later(place); place = place->common_next_.prev) {
    event* const next = near ? near->common_next_.next : &events_.front();
    if (!later(near) && later(next)) return near;
    near = later(near) ? near->common_next_.prev : next;
  }
  return place;
}

void common_timeout::schedule_front() noexcept {
  base_.schedule_as(timer_, events_.empty() ? nullptr : &events_.front());
}

// One at a time: a deadline in the heap may lie between two of the queue.
void common_timeout::expire() noexcept {
  base_.expire(events_.front());
}

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
