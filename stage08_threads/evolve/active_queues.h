/// \file
/// The events that are due.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "evolve/counter.h"
#include "evolve/event.h"

namespace evolve {

/// The events that are due, in the order in which they have become so, on a
/// queue for each priority.
///
/// A turn calls what was due when it began, and not what its callbacks make due
/// meanwhile. So each event bears the number of the turn in which it became due.
///
/// \libevent{event-internal.h,event_base}
class active_queues {
 public:
  /// The events of one priority.
  using queue = tailq<event, &event::active_next_>;

  /// Whether no event is due.
  bool empty() const noexcept { return count_.now == 0; }

  /// How many events are due.
  counter& count() noexcept { return count_; }

  /// The same counter, to look at.
  const counter& count() const noexcept { return count_; }

  /// The queues, the most urgent one first. At first there is one.
  std::span<const queue> by_priority() const noexcept { return queues_; }

  /// How many queues there are.
  std::size_t npriorities() const noexcept { return queues_.size(); }

  /// Has `count` queues. Requires that no event is due.
  void resize(std::size_t count) {
    assert(empty());
    queues_.resize(count);
  }

  /// A turn begins: what is due now is for this turn.
  void next_turn() noexcept;

  /// The event of `priority` that this turn calls next; null: there is none.
  event* next(std::size_t priority) const noexcept {
    const queue& due = queues_[priority];
    if (due.empty() || due.front().turn_ == turn_) return nullptr;
    return &due.front();
  }

  /// Puts `ev` at the end of the queue of its priority, for the next turn.
  /// Requires that it is not due, and that there is such a queue.
  /// \libevent{event.c,event_queue_insert_active}
  void insert(event& ev) noexcept {
    assert(!any(ev.flags_ & evlist::active) && ev.pri_ < npriorities());
    ev.flags_ |= evlist::active;
    ev.turn_ = turn_;
    queues_[ev.pri_].push_back(ev);
    count_.up();
  }

  /// Takes `ev` off, wherever it stands. Requires that it is due.
  /// \libevent{event.c,event_queue_remove_active}
  void remove(event& ev) noexcept {
    assert(any(ev.flags_ & evlist::active));
    ev.flags_ &= ~evlist::active;
    queues_[ev.pri_].remove(ev);
    count_.down();
    ev.ncalls_ = 0;
  }

  /// The same for the event in front, at a lower price.
  void pop(event& ev) noexcept {
    ev.flags_ &= ~evlist::active;
    queues_[ev.pri_].pop_front(ev);
    count_.down();
    ev.ncalls_ = 0;
  }

  /// Leaves `ev`, which is due already, to the next turn.
  void defer(event& ev) noexcept {
    queues_[ev.pri_].remove(ev);
    queues_[ev.pri_].push_back(ev);
    ev.turn_ = turn_;
  }

  /// \throws std::logic_error when an event is on the wrong queue.
  void self_check() const;

 private:
  std::vector<queue> queues_{1};  // by priority
  counter count_;  // of the events on all of them
  std::uint8_t turn_ = 0;  // the number of this turn
};

}  // namespace evolve
