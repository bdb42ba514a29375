/// \file
/// libuv's uv_poll_t; its own stream layer is in uv_tcp.cpp.

#include <uv.h>

#include "bench.h"

namespace {

class adapter {
 public:
  using io = uv_poll_t;
  using timer = uv_timer_t;
  using async = uv_async_t;
  struct signal {
    uv_signal_t handle;
    uv_signal_cb function;
    int signo;
  };

  explicit adapter(const bench::args&) { uv_loop_init(&loop_); }

  // libuv wants the callback when it starts: until then it is kept where the
  // handle will have it.
  template <auto F>
  void io_init(io& h, int fd, void* arg) {
    if (uv_poll_init(&loop_, &h, fd) != 0) bench::die("uv_poll_init");
    h.data = arg;
    h.poll_cb = [](uv_poll_t* handle, int, int) { F(handle->data); };
  }
  void io_start(io& h) { uv_poll_start(&h, UV_READABLE, h.poll_cb); }
  void io_stop(io& h) { uv_poll_stop(&h); }

  template <auto F>
  void timer_init(timer& h, void* arg) {
    uv_timer_init(&loop_, &h);
    h.data = arg;
    h.timer_cb = [](uv_timer_t* handle) { F(handle->data); };
  }
  void timer_start(timer& h, std::int64_t us) {
    uv_timer_start(&h, h.timer_cb, static_cast<std::uint64_t>(us + 999) / 1000,
                   0);
  }
  void timer_stop(timer& h) { uv_timer_stop(&h); }

  bool threads() const { return true; }
  template <auto F>
  void async_init(async& h, void* arg) {
    uv_async_init(&loop_, &h, [](uv_async_t* handle) { F(handle->data); });
    h.data = arg;
  }
  void async_send(async& h) { uv_async_send(&h); }

  template <auto F>
  void signal_init(signal& s, int signo, void* arg) {
    uv_signal_init(&loop_, &s.handle);
    s.handle.data = arg;
    s.function = [](uv_signal_t* handle, int) { F(handle->data); };
    s.signo = signo;
  }
  void signal_start(signal& s) {
    uv_signal_start(&s.handle, s.function, s.signo);
  }

  void poll() { uv_run(&loop_, UV_RUN_NOWAIT); }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void stop() { uv_stop(&loop_); }

 private:
  uv_loop_t loop_;
};

}  // namespace

#include "main.h"
