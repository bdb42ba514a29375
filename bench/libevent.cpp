/// \file
/// libevent 2.1 on epoll. `--changelist 1`: with its changelist. `--lock 1`:
/// other threads may use the loop.

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>

#include "bench.h"

namespace {

class adapter {
 public:
  using io = event;
  using io_timeout = event;
  using timer = event;
  using async = event;
  using signal = event;
  static constexpr bool reopens = true;

  explicit adapter(const bench::args& options)
      : threads_(options.number("lock", 0) != 0) {
    if (threads_) evthread_use_pthreads();
    event_config* config = event_config_new();
    event_config_require_features(config, EV_FEATURE_O1);
    if (options.number("changelist", 0) != 0) {
      event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    }
    base_ = event_base_new_with_config(config);
    event_config_free(config);
  }

  template <auto F>
  void io_init(io& e, int fd, void* arg) {
    event_assign(&e, base_, fd, EV_READ | EV_PERSIST, call<F>, arg);
  }
  void io_start(io& e) { event_add(&e, nullptr); }
  void io_stop(io& e) { event_del(&e); }

  template <auto F>
  void io_timeout_init(io_timeout& e, int fd, void* arg) {
    io_init<F>(e, fd, arg);
  }
  void io_timeout_start(io_timeout& e, std::int64_t us) { add(e, us); }
  void io_timeout_stop(io_timeout& e) { event_del(&e); }
  void io_timeout_rearm(io_timeout& e, std::int64_t us) { add(e, us); }

  template <auto F>
  void timer_init(timer& e, void* arg) {
    event_assign(&e, base_, -1, 0, call<F>, arg);
  }
  void timer_start(timer& e, std::int64_t us) { add(e, us); }
  void timer_stop(timer& e) { event_del(&e); }
  void common_timers(std::int64_t us) {
    const timeval length = to_timeval(us);
    common_ = event_base_init_common_timeout(base_, &length);
  }
  void common_timer_start(timer& e, std::int64_t) { event_add(&e, common_); }

  bool threads() const { return threads_; }
  template <auto F>
  void async_init(async& e, void* arg) {
    event_assign(&e, base_, -1, EV_PERSIST, call<F>, arg);
  }
  void async_send(async& e) { event_active(&e, EV_READ, 1); }

  template <auto F>
  void signal_init(signal& e, int signo, void* arg) {
    evsignal_assign(&e, base_, signo, call<F>, arg);
  }
  void signal_start(signal& e) { event_add(&e, nullptr); }

  void poll() { event_base_loop(base_, EVLOOP_ONCE | EVLOOP_NONBLOCK); }
  void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
  void stop() { event_base_loopbreak(base_); }

 private:
  template <auto F>
  static void call(evutil_socket_t, short, void* arg) {
    F(arg);
  }

  static timeval to_timeval(std::int64_t us) {
    return {us / 1'000'000, us % 1'000'000};
  }

  void add(event& e, std::int64_t us) {
    const timeval timeout = to_timeval(us);
    event_add(&e, &timeout);
  }

  event_base* base_;
  const timeval* common_ = nullptr;
  bool threads_;
};

}  // namespace

#include "main.h"
