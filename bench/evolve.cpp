/// \file
/// evolve. The same source for every stage: what one can do shows in the
/// headers that it has.
///
///   --method NAME  the backend, instead of the best one
///   --lock 1       other threads may use the loop

#include <new>
#include <utility>

#include "bench.h"
#include "evolve/event_base.h"

namespace {

using namespace evolve;

/// Room for an event, which is made when it is known for what. libevent's
/// struct is such room by itself.
class room {
 public:
  room() {}
  ~room() {}
  room(const room&) = delete;
  room& operator=(const room&) = delete;

  template <class... Arguments>
  void make(Arguments&&... arguments) {
    ::new (&made_) event(std::forward<Arguments>(arguments)...);
  }
  void destroy() { made_.~event(); }
  event* operator->() { return &made_; }

 private:
  union {
    event made_;
  };
};

class adapter {
 public:
  using io = room;
  static constexpr bool reopens = true;

  explicit adapter(const bench::args& options)
      : base_(*make_base(options.text("method", nullptr))),
        threads_(options.number("lock", 0) != 0) {
    share();
  }

  template <auto F>
  void io_init(io& e, int fd, void* arg) {
    e.make(base_, fd, what::read | what::persist, [arg] { F(arg); });
  }
  void io_start(io& e) { e->add(); }
  void io_stop(io& e) { e->del(); }
  void io_drop(io& e) { e.destroy(); }

#if __has_include("evolve/evmap.h")
  void poll() {
    base_.loop(loop_flags::nonblock);
  }
  void run() {
#if __has_include("evolve/clock.h")
    base_.loop(loop_flags::no_exit_on_empty);
#else
    base_.loop();
#endif
  }
  void stop() {
    base_.loopbreak();
  }
#else
  // A loop that cannot be asked to stop is left by an exception.
  struct stopped {};
  void run() {
    try {
      base_.dispatch();
    } catch (stopped) {
    }
  }
  [[noreturn]] void stop() {
    throw stopped();
  }
#endif

#if __has_include("evolve/clock.h")
  using timer = room;
  using io_timeout = room;

  template <auto F>
  void io_timeout_init(io_timeout& e, int fd, void* arg) {
    io_init<F>(e, fd, arg);
  }
  void io_timeout_start(io_timeout& e, std::int64_t us) {
    e->add(std::chrono::microseconds(us));
  }
  void io_timeout_stop(io_timeout& e) {
    e->del();
  }
  void io_timeout_rearm(io_timeout& e, std::int64_t us) {
    e->add(std::chrono::microseconds(us));
  }

  template <auto F>
  void timer_init(timer& e, void* arg) {
    e.make(base_, -1, what::none, [arg] { F(arg); });
  }
  void timer_start(timer& e, std::int64_t us) {
    e->add(std::chrono::microseconds(us));
  }
  void timer_stop(timer& e) {
    e->del();
  }

  void common_timers(std::int64_t us) {
    common_ = &base_.init_common_timeout(std::chrono::microseconds(us));
  }
  void common_timer_start(timer& e, std::int64_t) {
    e->add(*common_);
  }
#endif

#if __has_include("evolve/evsig.h")
  using signal = room;

  template <auto F>
  void signal_init(signal& e, int signo, void* arg) {
    e.make(base_, signo, what::signal | what::persist, [arg] { F(arg); });
  }
  void signal_start(signal& e) {
    e->add();
  }
#endif

#if __has_include("evolve/evthread.h")
  using async = room;

  bool threads() const {
    return threads_;
  }
  template <auto F>
  void async_init(async& e, void* arg) {
    e.make(base_, -1, what::persist, [arg] { F(arg); });
  }
  void async_send(async& e) {
    e->active(what::read);
  }
  void post(void (*call)(void*), void* arg) {
    base_.post([call, arg] { call(arg); });
  }
#endif

 private:
  static event_base* make_base(const char* method) {
    return method == nullptr ? new event_base : new event_base(method);
  }

  void share() {
#if __has_include("evolve/evthread.h")
    if (threads_) base_.make_notifiable();
#else
    if (!threads_) return;
    std::fputs("--lock 1: this stage has no lock\n", stderr);
    std::_Exit(2);
#endif
  }

  event_base& base_;
  bool threads_;
#if __has_include("evolve/clock.h")
  common_timeout* common_ = nullptr;
#endif
};

}  // namespace

#include "main.h"
