// What an event was made of, and what events a base has.
#include "c_interface.h"

using dropin::c_callback;
using dropin::to_evolve;
using evolve::event_access;

evutil_socket_t event_get_fd(const event* ev) {
  return to_evolve(ev).fd();
}

event_base* event_get_base(const event* ev) {
  return dropin::base_of(ev);
}

short event_get_events(const event* ev) {
  return dropin::to_bits(to_evolve(ev).events());
}

event_callback_fn event_get_callback(const event* ev) {
  const auto made = event_access::function<c_callback>(to_evolve(ev));
  return made ? made->function : nullptr;
}

void* event_get_callback_arg(const event* ev) {
  const auto made = event_access::function<c_callback>(to_evolve(ev));
  return made ? made->argument : nullptr;
}

int event_get_priority(const event* ev) {
  return event_access::priority(to_evolve(ev));
}

void event_get_assignment(const event* ev, event_base** base,
                          evutil_socket_t* fd, short* events,
                          event_callback_fn* function, void** argument) {
  if (base) *base = event_get_base(ev);
  if (fd) *fd = event_get_fd(ev);
  if (events) *events = event_get_events(ev);
  if (function) *function = event_get_callback(ev);
  if (argument) *argument = event_get_callback_arg(ev);
}

std::size_t event_get_struct_event_size() {
  return sizeof(event);
}

// There may be no memory to note the events. What the program throws meanwhile
// is its own.
int event_base_foreach_event(event_base* base, event_base_foreach_event_cb each,
                             void* argument) {
  if (!base || !each) return -1;
  int answer = 0;
  bool begun = false;
  try {
    base->for_each_event([&](const evolve::event_info& info) {
      begun = true;
      answer = each(base, dropin::to_c(info.ev), argument);
      return answer == 0;
    });
  } catch (const std::bad_alloc& failure) {
    if (begun) throw;
    dropin::warn(__func__, failure.what());
    return -1;
  }
  return answer;
}

void event_base_active_by_fd(event_base* base, evutil_socket_t fd,
                             short events) {
  if (!(events & EV_TIMEOUT)) {
    return base->active_by_fd(fd, dropin::to_what(events) & dropin::any_io);
  }
  dropin::attempt(__func__, [&] { event_access::time_out_by_fd(*base, fd); });
}

void event_base_active_by_signal(event_base* base, int signo) {
  base->active_by_signal(signo);
}
