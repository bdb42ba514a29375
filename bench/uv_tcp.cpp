/// \file
/// libuv's streams: W5 on a library's own stream layer.

#include <uv.h>

#include "w5_echo.h"

namespace {

class adapter {
 public:
  static int echo_server(const bench::args& options) {
    idle_ = options.number("idle", 0) != 0;
    uv_loop_init(&loop_);
    const int fd = bench::listener(0);
    auto* server = new uv_tcp_t;
    uv_tcp_init(&loop_, server);
    uv_tcp_open(server, fd);
    uv_listen(reinterpret_cast<uv_stream_t*>(server), 4096, on_accept);
    control_ = bench::start_client(options, bench::port_of(fd));
    auto* control = new uv_poll_t;
    uv_poll_init(&loop_, control, control_);
    uv_poll_start(control, UV_READABLE, on_control);
    uv_run(&loop_, UV_RUN_DEFAULT);
    return 0;
  }

 private:
  struct connection {
    uv_tcp_t tcp;  // the first, so that a stream is its connection
    uv_timer_t timer;
  };

  static void on_accept(uv_stream_t* server, int) {
    auto* it = new connection;
    uv_tcp_init(&loop_, &it->tcp);
    uv_timer_init(&loop_, &it->timer);
    auto* stream = reinterpret_cast<uv_stream_t*>(&it->tcp);
    uv_accept(server, stream);
    uv_tcp_nodelay(&it->tcp, 1);
    uv_read_start(stream, give_buffer, on_read);
  }

  static void give_buffer(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    *buffer = uv_buf_init(buffer_, sizeof buffer_);
  }

  static void on_read(uv_stream_t* stream, ssize_t size,
                      const uv_buf_t* buffer) {
    if (size < 0) uv_close(reinterpret_cast<uv_handle_t*>(stream), nullptr);
    if (size <= 0) return;
    if (idle_) {
      uv_timer_start(&reinterpret_cast<connection*>(stream)->timer, on_timeout,
                     60'000, 0);
    }
    bench::echo_stats::count();
    const uv_buf_t out = uv_buf_init(buffer->base, static_cast<unsigned>(size));
    if (uv_try_write(stream, &out, 1) != size) bench::die("uv_try_write");
  }

  static void on_timeout(uv_timer_t*) { std::abort(); }

  static void on_control(uv_poll_t*, int, int) {
    if (bench::echo_stats::mark(control_)) uv_stop(&loop_);
  }

  static inline uv_loop_t loop_;
  static inline char buffer_[65536];
  static inline int control_;
  static inline bool idle_;
};

}  // namespace

#include "main.h"
