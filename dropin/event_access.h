/// \file
/// What only libevent's C interface needs of events and bases.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <type_traits>
#include <vector>

#include "evolve/event.h"
#include "evolve/event_base.h"

namespace evolve {

/// For the C interface alone: an event in a struct that a C program owns.
///
/// Such an event has evlist::foreign. The program makes it again and again in
/// the same memory, without a word in between; copies it while it is idle; and
/// frees it in its callback. So it has no destructor, and nothing is written to
/// it any more as soon as its callback has started.
///
/// **Threads.** As for event: after event_base::make_notifiable() any thread
/// may call what requires a base. The rest is for an event that no other thread
/// uses.
///
/// \libevent{event_struct.h,event}
class event_access {
 public:
  /// Where C programs look.
  struct layout {
    static constexpr std::size_t fd = offsetof(event, fd_);
    static constexpr std::size_t base = offsetof(event, base_);
    static constexpr std::size_t events = offsetof(event, events_);
    static constexpr std::size_t res = offsetof(event, res_);
  };

  /// Makes an event in `memory`, of which nothing is read. It has no base.
  /// Requires that there is room for one, aligned.
  /// \libevent{event.c,event_assign}
  static event& make(void* memory, int fd, what events,
                     callback function) noexcept {
    event& made = *::new (memory) event(function);
    made.fd_ = fd;
    made.events_ = events;
    return made;
  }

  /// Whether there is an event: in memory of zeros there is none.
  /// \libevent{event.c,event_initialized}
  static bool is_made(const event& ev) noexcept {
    return any(ev.flags_ & evlist::foreign);
  }

  /// Whether there is an event, and it is on no structure of its base.
  static bool is_idle(const event& ev) noexcept {
    return ev.flags_ == evlist::foreign;
  }

  /// There is no event any more, says is_made(). One that is added stays so.
  /// \libevent{event.c,event_debug_unassign}
  static void unmake(event& ev) noexcept { ev.flags_ &= ~evlist::foreign; }

  /// The base; null when it has none.
  static event_base* base(const event& ev) noexcept { return ev.base_; }

  /// Gives `ev` to `base`, with its middle priority. Requires is_idle().
  /// \libevent{event.c,event_base_set}
  static void set_base(event& ev, event_base& base) noexcept {
    ev.base_ = &base;
    ev.pri_ = base.middle_priority();
  }

  /// Which structures of its base the event is on.
  static evlist state(const event& ev) noexcept { return ev.flags_; }

  /// What the event was due for when it was called last, or is due for.
  static what due_for(const event& ev) noexcept { return ev.res_; }

  /// The function object of type `F` that `ev` was made with; nothing if it is
  /// of another type.
  template <class F>
  static std::optional<F> function(const event& ev) noexcept {
    const auto kept = std::bit_cast<image<F>>(ev.callback_);
    if (kept.invoke != std::bit_cast<image<F>>(callback(F{})).invoke) {
      return std::nullopt;
    }
    return kept.object;
  }

  /// Has `ev` wait for `events`. Requires a base, and that it is not watched.
  static void set_events(event& ev, what events) noexcept {
    const event_base::locked guard(*ev.base_);
    ev.events_ = events;
  }

  /// Has `ev` call something else from now on. Requires a base.
  static void set_function(event& ev, callback function) noexcept {
    const event_base::locked guard(*ev.base_);
    ev.callback_ = function;
  }

  /// Adds `ev` as event::add() does; but no length of time is no period: a
  /// persistent event has such a timeout once.
  /// \throws what event::add() throws.
  /// \libevent{event.c,event_add}
  static void add(event& ev, std::optional<duration> timeout) {
    const event_base::locked guard(*ev.base_);
    add_locked(ev, timeout);
  }

  /// The same for its timeout alone: it does not watch what it waits for.
  /// \throws what event::add() throws.
  static void add_unwatched(event& ev, std::optional<duration> timeout) {
    const event_base::locked guard(*ev.base_);
    const unwatched_scope scope(ev);
    add_locked(ev, timeout);
  }

  /// Makes `ev` due as event::active() does. When it was not, and is a signal's,
  /// it is due for `ncalls` deliveries.
  /// Requires that this is one at least.
  /// \throws what event::active() throws.
  /// \libevent{event.c,event_active}
  static void active(event& ev, what res, int ncalls) {
    const event_base::locked guard(*ev.base_);
    make_due(ev, res, ncalls);
  }

  /// Makes `ev` due with the middle priority, behind all else of that priority;
  /// for this turn, if one is in progress. Nothing when it is due already.
  /// \libevent{event.c,event_base_loopexit}
  static void active_in_turn(event& ev) {
    event_base& base = *ev.base_;
    const event_base::locked guard(base);
    if (any(ev.flags_ & evlist::active)) return;
    ev.pri_ = base.middle_priority();
    base.active(ev, what::none);
    --ev.turn_;
  }

  /// Whether after the callback that is being called this turn has another one
  /// of that priority to call.
  static bool has_more(event_base& base) noexcept {
    const event_base::locked guard(base);
    return base.activequeues_.next(base.running_priority_) != nullptr;
  }

  /// Ends what is due: calls what is left of event::finalize(), and deletes the
  /// rest. For the end of a base, while it is whole.
  /// \libevent{event.c,event_base_free}
  static void end_due(event_base& base) { base.end_due(); }

  /// Calls `look` for each event that is added or due, once, all in one moment:
  /// no other thread changes anything meanwhile. `look` must not use the base,
  /// nor call the program.
  static void look_at_all(event_base& base,
                          const std::function<void(const event&)>& look) {
    const event_base::locked guard(base);
    base.visit(look);
  }

  /// Makes all events due for their timeout that have one, and `fd`.
  /// \libevent{event.c,event_base_active_by_fd}
  static void time_out_by_fd(event_base& base, int fd) {
    const event_base::locked guard(base);
    std::vector<event*> found;
    base.visit([&](const event& ev) {
      if (ev.fd_ != fd || !any(ev.flags_ & evlist::timeout)) return;
      found.push_back(const_cast<event*>(&ev));
    });
    for (event* const ev : found) make_due(*ev, what::timeout, 1);
  }

  /// When the timeout of `ev` passes; nothing when none is pending. Does not
  /// lock the base.
  static std::optional<time_point> deadline(const event& ev) noexcept {
    if (!any(ev.flags_ & evlist::timeout)) return std::nullopt;
    return ev.deadline_;
  }

  /// How urgent `ev` is. Does not lock the base.
  static int priority(const event& ev) noexcept { return ev.pri_; }

  /// Forgets a loopbreak() that no run has seen. Requires that none is in
  /// progress.
  static void forget_break(event_base& base) noexcept {
    const event_base::locked guard(base);
    base.requests_ &= ~request::loopbreak;
  }

 private:
  static void add_locked(event& ev, std::optional<duration> timeout) {
    if (!timeout) return ev.base_->add(ev);
    ev.base_->add(ev, *timeout);
    if (*timeout == duration::zero()) ev.interval_ = event::no_interval;
  }

  static void make_due(event& ev, what res, int ncalls) {
    const bool was_due = any(ev.flags_ & evlist::active);
    ev.base_->active(ev, res);
    if (was_due || !any(ev.events_ & what::signal)) return;
    ev.base_->add_calls(ev, ncalls);
  }

  // What a callback that holds an `F` consists of.
  template <class F>
  struct image {
    static_assert(std::is_trivially_copyable_v<F> &&
                  sizeof(F) == 3 * sizeof(void*));
    void (*invoke)(const void*, int, what);
    F object;
  };

  // While it lives, `ev` waits for no descriptor.
  class unwatched_scope {
   public:
    explicit unwatched_scope(event& ev) noexcept : ev_(ev), all_(ev.events_) {
      ev.events_ &= ~any_io;
    }
    ~unwatched_scope() { ev_.events_ = all_; }
    unwatched_scope(const unwatched_scope&) = delete;
    unwatched_scope& operator=(const unwatched_scope&) = delete;

   private:
    event& ev_;
    what all_;  // what it waits for otherwise
  };
};

}  // namespace evolve
