/// \file
/// Asio without Boost, on epoll, for one thread at a time. A wait for readiness
/// is over when it is ready once, so an event waits again each time; to stop is
/// to cancel.

#define ASIO_STANDALONE 1
#define ASIO_NO_DEPRECATED 1
#include <asio.hpp>
#include <optional>

#include "bench.h"

namespace {

class adapter {
 public:
  using function = void (*)(void*);
  static constexpr bool every_send_arrives = true;

  struct io {
    std::optional<asio::posix::stream_descriptor> descriptor;
    function call;
    void* arg;
    std::uint32_t generation = 0;
    bool active = false;
  };
  struct timer {
    std::optional<asio::steady_timer> wait;
    function call;
    void* arg;
  };
  struct async {
    function call;
    void* arg;
  };
  struct signal {
    std::optional<asio::signal_set> wait;
    function call;
    void* arg;
  };

  explicit adapter(const bench::args&) {}

  template <auto F>
  void io_init(io& i, int fd, void* arg) {
    i.descriptor.emplace(context_, fd);
    i.call = F;
    i.arg = arg;
  }
  void io_start(io& i) {
    i.active = true;
    wait(i, ++i.generation);
  }
  void io_stop(io& i) {
    i.active = false;
    ++i.generation;
    i.descriptor->cancel();
  }

  template <auto F>
  void timer_init(timer& t, void* arg) {
    t.wait.emplace(context_);
    t.call = F;
    t.arg = arg;
  }
  void timer_start(timer& t, std::int64_t us) {
    t.wait->expires_after(std::chrono::microseconds(us));
    t.wait->async_wait([&t](const asio::error_code& error) {
      if (!error) t.call(t.arg);
    });
  }
  void timer_stop(timer& t) { t.wait->cancel(); }

  bool threads() const { return true; }
  template <auto F>
  void async_init(async& a, void* arg) {
    a = {F, arg};
  }
  void async_send(async& a) {
    asio::post(context_, [&a] { a.call(a.arg); });
  }
  void post(function call, void* arg) {
    asio::post(context_, [call, arg] { call(arg); });
  }

  template <auto F>
  void signal_init(signal& s, int signo, void* arg) {
    s.wait.emplace(context_, signo);
    s.call = F;
    s.arg = arg;
  }
  void signal_start(signal& s) {
    s.wait->async_wait([this, &s](const asio::error_code& error, int) {
      if (error) return;
      s.call(s.arg);
      signal_start(s);
    });
  }

  void poll() {
    context_.poll();
    if (context_.stopped()) context_.restart();
  }
  void run() {
    context_.restart();
    context_.run();
  }
  void stop() { context_.stop(); }

 private:
  void wait(io& i, std::uint32_t generation) {
    i.descriptor->async_wait(
        asio::posix::stream_descriptor::wait_read,
        [this, &i, generation](const asio::error_code& error) {
          if (error || !i.active || i.generation != generation) return;
          i.call(i.arg);
          if (i.active && i.generation == generation) wait(i, generation);
        });
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{
      context_.get_executor()};
};

}  // namespace

#include "main.h"
