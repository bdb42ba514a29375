#include "evolve/active_queues.h"

#include <stdexcept>

namespace evolve {

// When the count is used up, all that is due is stamped with a number that no
// turn has: what has been due for 256 turns is not to be taken for new.
void active_queues::next_turn() noexcept {
  if (++turn_ != 0) return;
  for (queue& due : queues_) {
    for (event& ev : due) ev.turn_ = 0;
  }
  turn_ = 1;
}

void active_queues::self_check() const {
  for (std::size_t priority = 0; priority < queues_.size(); ++priority) {
    for (const event& ev : queues_[priority]) {
      if (ev.pri_ == priority && any(ev.flags_ & evlist::active)) continue;
      throw std::logic_error("self_check: an event is on the wrong queue");
    }
  }
}

}  // namespace evolve
