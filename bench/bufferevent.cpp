/// \file
/// libevent's bufferevents: W5 on a library's own stream layer.

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "w5_echo.h"

namespace {

class adapter {
 public:
  static int echo_server(const bench::args& options) {
    idle_ = options.number("idle", 0) != 0;
    listener_ = bench::listener(0);
    base_ = event_base_new();
    watch(listener_, on_accept);
    control_ = bench::start_client(options, bench::port_of(listener_));
    watch(control_, on_control);
    event_base_dispatch(base_);
    return 0;
  }

 private:
  static void watch(int fd, event_callback_fn function) {
    event_add(event_new(base_, fd, EV_READ | EV_PERSIST, function, nullptr),
              nullptr);
  }

  static void on_read(bufferevent* stream, void*) {
    bench::echo_stats::count();
    evbuffer_add_buffer(bufferevent_get_output(stream),
                        bufferevent_get_input(stream));
  }

  static void on_event(bufferevent* stream, short, void*) {
    bufferevent_free(stream);
  }

  static void on_accept(evutil_socket_t, short, void*) {
    for (;;) {
      const int fd = bench::accept_connection(listener_);
      if (fd < 0) return;
      bufferevent* stream =
          bufferevent_socket_new(base_, fd, BEV_OPT_CLOSE_ON_FREE);
      bufferevent_setcb(stream, on_read, nullptr, on_event, nullptr);
      const timeval minute{60, 0};
      if (idle_) bufferevent_set_timeouts(stream, &minute, nullptr);
      bufferevent_enable(stream, EV_READ);
    }
  }

  static void on_control(evutil_socket_t, short, void*) {
    if (bench::echo_stats::mark(control_)) event_base_loopbreak(base_);
  }

  static inline event_base* base_;
  static inline int listener_, control_;
  static inline bool idle_;
};

}  // namespace

#include "main.h"
