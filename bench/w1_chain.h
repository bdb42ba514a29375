/// \file
/// W1, descriptors. `--n` pipes, `--a` of them active: an event reads a byte
/// and writes one to the next pipe, until `--w` bytes have been passed on.
///
///   --mode plain     persistent events
///          readd     each callback deletes its event and adds it again
///          readd_to  the same, with a new timeout of 10 to 11 s
///          rearm     each callback only moves such a timeout
///          level     `--a` events are always ready; the callback only counts:
///                    what the loop itself costs, without reading and writing
///          idle      nothing is ready: what a turn costs
///   --loop run|poll  run() until stop(), or a poll() for each turn
///   --kind pipe|sock|eventfd   an eventfd needs one descriptor, not two
///
/// Reports event_ns, for each event, and with `--setup 1` setup_ns: for each of
/// all `--n` events deleted and added again, with the turn that follows.
#pragma once

#include <sys/eventfd.h>
#include <sys/socket.h>

#include "idle_timeout.h"

namespace bench {

enum class chain_mode { plain, readd, readd_to, rearm, level };

template <class Loop, chain_mode Mode>
class chain {
 public:
  static int run(const args& options) {
    prepare(options);
    if (options.is("mode", "idle")) return idle(options.number("w", 100'000));
    std::vector<double> event, setup;
    event_ns(options, nullptr);  // to warm up
    for (long i = options.number("inner", 5); i > 0; --i) {
      event.push_back(event_ns(options, &setup));
    }
    report("event_ns", percentile(event, 0.5));
    if (!setup.empty()) report("setup_ns", percentile(setup, 0.5));
    return 0;
  }

 private:
  static constexpr bool timed =
      Mode == chain_mode::readd_to || Mode == chain_mode::rearm;

  template <bool Timed, class = void>
  struct held {
    using type = typename Loop::io;
  };
  template <class Unused>
  struct held<true, Unused> {
    using type = io_timeout<Loop>;
  };

  struct link {
    int from;
    int to;
    std::uint32_t number;
  };

  static std::int64_t timeout_us() {
    return 10'000'000 + random_.below(1'000'000);
  }

  static void start(std::size_t i) {
    if constexpr (timed) {
      io_timeout_start(*loop_, events_[i], timeout_us());
    } else {
      loop_->io_start(events_[i]);
    }
  }

  static void stop(std::size_t i) {
    if constexpr (timed) {
      io_timeout_stop(*loop_, events_[i]);
    } else {
      loop_->io_stop(events_[i]);
    }
  }

  static void poke(int fd) {
    static const std::uint64_t one = 1;
    if (write(fd, &one, width_) != static_cast<ssize_t>(width_)) die("write");
  }

  static void on_read(void* arg) {
    if constexpr (Mode == chain_mode::level) {
      if (++count_ == target_ && runs_) loop_->stop();
      return;
    }
    const link& it = *static_cast<link*>(arg);
    std::uint64_t buffer;
    count_ += read(it.from, &buffer, width_) == static_cast<ssize_t>(width_);
    if constexpr (Mode == chain_mode::readd || Mode == chain_mode::readd_to) {
      stop(it.number);
      start(it.number);
    }
    if constexpr (Mode == chain_mode::rearm) {
      io_timeout_rearm(*loop_, events_[it.number], timeout_us());
    }
    if (writes_ != 0) {
      --writes_;
      poke(it.to);
    }
    if (count_ == target_ && runs_) loop_->stop();
  }

  static void open(const args& options, int* ends) {
    if (options.is("kind", "eventfd")) {
      ends[0] = ends[1] = eventfd(0, EFD_NONBLOCK);
      if (ends[0] < 0) die("eventfd");
    } else if (options.is("kind", "sock")) {
      const int type = SOCK_STREAM | SOCK_NONBLOCK;
      if (socketpair(AF_UNIX, type, 0, ends) != 0) die("socketpair");
    } else if (pipe2(ends, O_NONBLOCK) != 0) {
      die("pipe");
    }
  }

  static void prepare(const args& options) {
    n_ = options.size("n", 1000);
    active_ = std::min(n_, options.size("a", 100));
    runs_ = !options.is("loop", "poll");
    const bool eventfds = options.is("kind", "eventfd");
    if (eventfds) width_ = sizeof(std::uint64_t);
    want_descriptors(n_ * (eventfds ? 1 : 2) + 50);
    loop_ = new Loop(options);
    links_ = new link[n_];
    std::vector<int> to(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      int ends[2];
      open(options, ends);
      links_[i].from = ends[0];
      to[i] = ends[1];
    }
    into_.swap(to);
    events_ = new typename held<timed>::type[n_];
    for (std::size_t i = 0; i < n_; ++i) make(i);
    settle(*loop_);
  }

  static void make(std::size_t i) {
    link& it = links_[i];
    it.to = into_[(i + 1) % n_];
    it.number = static_cast<std::uint32_t>(i);
    if constexpr (timed) {
      io_timeout_init<on_read>(*loop_, events_[i], it.from, &it);
    } else {
      loop_->template io_init<on_read>(events_[i], it.from, &it);
    }
    start(i);
  }

  static int idle(long turns) {
    if constexpr (requires { loop_->poll(); }) {
      for (int i = 0; i < 1000; ++i) loop_->poll();
      region measured;
      for (long i = 0; i < turns; ++i) loop_->poll();
      report("iter_ns", measured.end() / static_cast<double>(turns));
      return 0;
    } else {
      return unsupported();
    }
  }

  static double setup_ns() {
    const std::uint64_t start_ns = thread_cpu_ns();
    for (std::size_t i = 0; i < n_; ++i) {
      stop(i);
      start(i);
    }
    settle(*loop_);
    return static_cast<double>(thread_cpu_ns() - start_ns) /
           static_cast<double>(n_);
  }

  static void pass_on() {
    if constexpr (requires { loop_->poll(); }) {
      if (!runs_) {
        while (count_ < target_) loop_->poll();
        return;
      }
    }
    loop_->run();
  }

  // One round; the first one, which has no `setup`, makes the events ready, and
  // those of `level` remain so.
  static double event_ns(const args& options, std::vector<double>* setup) {
    if (options.number("setup", 0) != 0) {
      const double ns = setup_ns();
      if (setup != nullptr) setup->push_back(ns);
    }
    count_ = 0;
    writes_ = options.number("w", 100'000);
    target_ = writes_ + static_cast<long>(active_);
    if (Mode != chain_mode::level || setup == nullptr) {
      for (std::size_t i = 0; i < active_; ++i) poke(into_[i * (n_ / active_)]);
    }
    if (setup == nullptr) {
      pass_on();
      return 0;
    }
    region measured;
    pass_on();
    return measured.end() / static_cast<double>(target_);
  }

  static inline Loop* loop_;
  static inline typename held<timed>::type* events_;
  static inline link* links_;
  static inline std::vector<int> into_;
  static inline std::size_t n_, active_, width_ = 1;
  static inline long writes_, count_, target_;
  static inline bool runs_;
  static inline random_numbers random_;
};

template <class Loop>
int w1(const args& options) {
  using enum chain_mode;
  if constexpr (has_timers<Loop>) {
    if (options.is("mode", "readd_to")) {
      return chain<Loop, readd_to>::run(options);
    }
    if (options.is("mode", "rearm")) return chain<Loop, rearm>::run(options);
  }
  if (options.is("mode", "readd_to") || options.is("mode", "rearm")) {
    return unsupported();
  }
  if (options.is("mode", "readd")) return chain<Loop, readd>::run(options);
  if (options.is("mode", "level")) return chain<Loop, level>::run(options);
  return chain<Loop, plain>::run(options);
}

}  // namespace bench
