// An event from its first assignment to its last.
#include "c_interface.h"

using dropin::any_io;
using dropin::base_of;
using dropin::c_callback;
using dropin::to_evolve;
using dropin::to_what;
using dropin::what;
using evolve::event_access;
using evolve::evlist;

namespace {

// The address is all that counts.
char self_argument;

}  // namespace

void c_callback::operator()(int fd, what fired) const {
  const what waits = to_what(static_cast<int>(events));
  // An event that was taken off, since its descriptor went bad, is told of all
  // that it waits for, as of other errors.
  if (fired == what::unwatched) fired = waits & any_io;
  if (any(fired & any_io)) fired |= waits & what::et;
  function(fd, dropin::to_bits(fired), argument);
}

bool dropin::has_base(const event* ev, const char* function) {
  debug_require_assigned(ev, function);
  if (base_of(ev)) return true;
  warn(function, "the event has no base");
  return false;
}

void* event_self_cbarg() {
  return &self_argument;
}

int event_assign(event* ev, event_base* base, evutil_socket_t fd, short events,
                 event_callback_fn function, void* argument) {
  if (!base) base = dropin::current_base;
  if (argument == &self_argument) argument = ev;
  dropin::debug_assign(ev, fd, events);
  const what waits = to_what(events);
  evolve::event& made =
      event_access::make(ev, fd, waits, c_callback{function, argument, 0});
  if (base) event_access::set_base(made, *base);
  if (!any(waits & what::signal) || !any(waits & any_io)) return 0;
  dropin::warn(__func__, "a signal cannot be waited for together with others");
  return -1;
}

event* event_new(event_base* base, evutil_socket_t fd, short events,
                 event_callback_fn function, void* argument) try {
  auto* const ev = static_cast<event*>(dropin::allocate(sizeof(event)));
  if (event_assign(ev, base, fd, events, function, argument) == 0) return ev;
  dropin::debug_forget(ev);
  dropin::release(ev);
  return nullptr;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void event_free(event* ev) {
  event_del(ev);
  dropin::debug_forget(ev);
  dropin::release(ev);
}

int event_base_set(event_base* base, event* ev) {
  dropin::debug_require_assigned(ev, __func__);
  if (!event_access::is_idle(to_evolve(ev))) return -1;
  event_access::set_base(to_evolve(ev), *base);
  return 0;
}

int event_initialized(const event* ev) {
  return event_access::is_made(to_evolve(ev));
}

int event_priority_set(event* ev, int priority) {
  dropin::debug_require_assigned(ev, __func__);
  if (!base_of(ev) ||
      any(event_access::state(to_evolve(ev)) & evlist::active) ||
      priority < 0 || priority >= base_of(ev)->npriorities()) {
    return -1;
  }
  return dropin::attempt(__func__,
                         [&] { to_evolve(ev).priority_set(priority); });
}

int event_finalize(unsigned /*flags*/, event* ev,
                   event_finalize_callback_fn function) {
  if (!dropin::has_base(ev, __func__)) return -1;
  void* const argument = event_get_callback_arg(ev);
  return dropin::attempt(__func__, [&] {
    to_evolve(ev).finalize([ev, function, argument] {
      if (base_of(ev)->finalizes && function) function(ev, argument);
    });
  });
}

int event_free_finalize(unsigned /*flags*/, event* ev,
                        event_finalize_callback_fn function) {
  if (!dropin::has_base(ev, __func__)) return -1;
  void* const argument = event_get_callback_arg(ev);
  return dropin::attempt(__func__, [&] {
    to_evolve(ev).finalize([ev, function, argument] {
      if (!base_of(ev)->finalizes) return;
      if (function) function(ev, argument);
      dropin::debug_forget(ev);
      dropin::release(ev);
    });
  });
}
