/// \file
/// libev 4 on epoll.

#include <ev.h>

#include "bench.h"

namespace {

class adapter {
 public:
  using io = ev_io;
  using timer = ev_timer;
  using async = ev_async;
  using signal = ev_signal;
  static constexpr bool reopens = true;

  explicit adapter(const bench::args&)
      : loop_(ev_loop_new(static_cast<unsigned>(EVBACKEND_EPOLL) |
                          EVFLAG_NOENV)) {}

  template <auto F>
  void io_init(io& w, int fd, void* arg) {
    ev_io_init(&w, (call<F, ev_io>), fd, EV_READ);
    w.data = arg;
  }
  void io_start(io& w) { ev_io_start(loop_, &w); }
  void io_stop(io& w) { ev_io_stop(loop_, &w); }

  template <auto F>
  void timer_init(timer& w, void* arg) {
    ev_timer_init(&w, (call<F, ev_timer>), 0., 0.);
    w.data = arg;
  }
  void timer_start(timer& w, std::int64_t us) {
    const double seconds = static_cast<double>(us) * 1e-6;
    if (ev_is_active(&w)) {  // how it moves an idle timeout, it says
      w.repeat = seconds;
      ev_timer_again(loop_, &w);
      w.repeat = 0.;
    } else {
      ev_timer_set(&w, seconds, 0.);
      ev_timer_start(loop_, &w);
    }
  }
  void timer_stop(timer& w) { ev_timer_stop(loop_, &w); }

  bool threads() const { return true; }
  template <auto F>
  void async_init(async& w, void* arg) {
    ev_async_init(&w, (call<F, ev_async>));
    w.data = arg;
    ev_async_start(loop_, &w);
  }
  void async_send(async& w) { ev_async_send(loop_, &w); }

  template <auto F>
  void signal_init(signal& w, int signo, void* arg) {
    ev_signal_init(&w, (call<F, ev_signal>), signo);
    w.data = arg;
  }
  void signal_start(signal& w) { ev_signal_start(loop_, &w); }

  void poll() { ev_run(loop_, EVRUN_NOWAIT); }
  void run() { ev_run(loop_, 0); }
  void stop() { ev_break(loop_, EVBREAK_ALL); }

 private:
  template <auto F, class Watcher>
  static void call(struct ev_loop*, Watcher* w, int) {
    F(w->data);
  }

  struct ev_loop* loop_;
};

}  // namespace

#include "main.h"
