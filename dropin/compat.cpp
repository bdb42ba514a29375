// What works on the base of event_init(), for programs that know of no other;
// and event_base_once(), of which it has a version.
#include <optional>

#include "c_interface.h"

namespace {

using dropin::any_io;
using dropin::duration;
using dropin::what;

// What is called without having waited is told of a timeout.
struct once_callback {
  void operator()(int fd, what fired) const {
    made(fd, fired == what::none ? what::timeout : fired);
  }

  dropin::c_callback made;
};

}  // namespace

event_base* dropin::current_base = nullptr;

event_base* event_init() {
  event_base* const base = event_base_new();
  if (!base) dropin::fatal(1, "event_init: there is no base to be had");
  dropin::current_base = base;
  return base;
}

void event_set(event* ev, evutil_socket_t fd, short events,
               event_callback_fn function, void* argument) {
  event_assign(ev, dropin::current_base, fd, events, function, argument);
}

int event_dispatch() {
  return event_loop(0);
}

int event_loop(int flags) {
  return event_base_loop(dropin::current_base, flags);
}

int event_loopexit(const timeval* delay) {
  return event_base_loopexit(dropin::current_base, delay);
}

int event_loopbreak() {
  return event_base_loopbreak(dropin::current_base);
}

int event_priority_init(int count) {
  return event_base_priority_init(dropin::current_base, count);
}

const char* event_get_method() {
  return event_base_get_method(dropin::current_base);
}

int event_once(evutil_socket_t fd, short events, event_callback_fn function,
               void* argument, const timeval* timeout) {
  return event_base_once(dropin::current_base, fd, events, function, argument,
                         timeout);
}

// Nothing to wait for is as good as no time at all. A descriptor that is none
// never gets ready.
int event_base_once(event_base* base, evutil_socket_t fd, short events,
                    event_callback_fn function, void* argument,
                    const timeval* timeout) {
  const what waits = dropin::to_what(events);
  if (!base || any(waits & (what::signal | what::persist))) return -1;
  if (!any(waits & (any_io | what::timeout))) return -1;
  const bool io = any(waits & any_io);
  std::optional<duration> length;
  if (timeout && (io || timerisset(timeout))) {
    length = dropin::to_duration(*timeout);
  } else if (io && fd < 0) {
    length = duration::max();
  }
  const what watched = io && fd >= 0 ? waits & any_io : what::none;
  const auto told = static_cast<std::uint16_t>(watched);
  return dropin::attempt(__func__, [&] {
    base->once(fd, watched, once_callback{{function, argument, told}}, length);
  });
}
