// Adding and deleting an event, making it due, and whether it waits.
#include <optional>

#include "c_interface.h"

using dropin::any_io;
using dropin::base_of;
using dropin::c_callback;
using dropin::duration;
using dropin::to_evolve;
using dropin::to_what;
using dropin::what;
using evolve::event_access;
using evolve::evlist;

namespace {

// The timeout that never passes.
constexpr duration for_ever = duration::max();
constexpr evolve::time_point never = evolve::time_point::max();

// Whether the base need not be asked about `ev`, and may even be gone.
bool is_out_of_reach(const event* ev) noexcept {
  return event_access::is_idle(to_evolve(ev)) && !dropin::threads_in_use();
}

// An event that waits for a descriptor, but has the number of none: it keeps
// the loop running all the same. So it waits for its timeout, or for ever.
bool is_unwatchable(const evolve::event& ev) noexcept {
  return any(ev.events() & any_io) && ev.fd() < 0;
}

// What a callback is told depends on what the event waits for now: a program
// may have written that itself.
void note_events(evolve::event& ev) noexcept {
  std::optional<c_callback> made = event_access::function<c_callback>(ev);
  what events = ev.events();
  if (!any(ev.base().features() & evolve::feature::et)) events &= ~what::et;
  if (!made || made->events == static_cast<std::uint16_t>(events)) return;
  made->events = static_cast<std::uint16_t>(events);
  event_access::set_function(ev, *made);
}

// Where a backend cannot tell that a peer has closed, a program that asks for
// it is told what else it waits for.
void drop_untold(evolve::event& ev) noexcept {
  if (!any(ev.events() & what::closed)) return;
  if (any(ev.base().features() & evolve::feature::early_close)) return;
  event_access::set_events(ev, ev.events() & ~what::closed);
}

// What an event waits for, or is due for.
what waits(const evolve::event& ev) noexcept {
  what found = ev.pending();
  if (!is_unwatchable(ev) || !any(event_access::state(ev) & evlist::timeout)) {
    return found;
  }
  if (ev.deadline() == never) found &= ~what::timeout;
  return found | (ev.events() & any_io);
}

void add_unwatched(evolve::event& ev, std::optional<duration> timeout) {
  if (!timeout && !ev.deadline()) timeout = for_ever;
  event_access::add_unwatched(ev, timeout);
}

void add(evolve::event& ev, const timeval* time) {
  auto& base = static_cast<event_base&>(ev.base());
  const event_base::common* common =
      time ? dropin::common_of(base, *time) : nullptr;
  std::optional<duration> timeout;
  if (common && !common->timeout) {
    timeout = duration::zero();
  } else if (common) {
    timeout = common->timeout->length();
  } else if (time) {
    timeout = dropin::to_duration(*time);
  }
  note_events(ev);
  if (is_unwatchable(ev)) return add_unwatched(ev, timeout);
  if (common && common->timeout) return ev.add(*common->timeout);
  event_access::add(ev, timeout);
}

// What libevent accepts, and does nothing for.
bool waits_for_nothing(const evolve::event& ev, const timeval* time) noexcept {
  return !time && !any(ev.events() & (any_io | what::signal));
}

}  // namespace

int event_add(event* ev, const timeval* timeout) {
  if (!dropin::has_base(ev, __func__)) return -1;
  evolve::event& made = to_evolve(ev);
  if (any(event_access::state(made) & evlist::finalizing)) return -1;
  drop_untold(made);
  if (waits_for_nothing(made, timeout)) return 0;
  return dropin::attempt(__func__, [&] { add(made, timeout); });
}

int event_del(event* ev) {
  if (any(to_evolve(ev).events() & to_what(EV_FINALIZE))) {
    return event_del_noblock(ev);
  }
  return event_del_block(ev);
}

int event_del_block(event* ev) {
  if (!dropin::has_base(ev, "event_del")) return -1;
  if (is_out_of_reach(ev)) return 0;
  to_evolve(ev).del();
  return 0;
}

int event_del_noblock(event* ev) {
  if (!dropin::has_base(ev, "event_del")) return -1;
  if (is_out_of_reach(ev)) return 0;
  to_evolve(ev).del_noblock();
  return 0;
}

int event_remove_timer(event* ev) {
  if (!dropin::has_base(ev, __func__)) return -1;
  evolve::event& made = to_evolve(ev);
  const bool stays = is_unwatchable(made) && made.deadline();
  made.remove_timer();
  if (!stays) return 0;
  return dropin::attempt(__func__, [&] { add_unwatched(made, for_ever); });
}

// A signal's event is called as often as is said here, if it is persistent.
void event_active(event* ev, int result, short ncalls) {
  if (!dropin::has_base(ev, __func__)) return;
  if (ncalls < 1 && any(to_evolve(ev).events() & what::signal)) return;
  const what told = to_what(result) & ~what::unwatched;
  dropin::attempt(__func__,
                  [&] { event_access::active(to_evolve(ev), told, ncalls); });
}

int event_pending(const event* ev, short mask, timeval* when) {
  if (!dropin::has_base(ev, __func__)) return 0;
  const evolve::event& made = to_evolve(ev);
  constexpr what known = any_io | what::signal | what::timeout;
  const what pending = waits(made) & to_what(mask) & known;
  const auto deadline = made.deadline();
  if (when && deadline && any(pending & what::timeout)) {
    *when = dropin::to_time_of_day(*base_of(ev), *deadline);
  }
  return dropin::to_bits(pending);
}
