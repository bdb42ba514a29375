/// \file
/// W2, timers. Everything is done in a callback, `--batch` at a time: so the
/// time is cached where a library caches it, and goes on in between, as in a
/// server.
///
///   --pattern random  `--n` timers of 1 to 60 s: all are inserted, half of them
///                     cancelled and inserted again; `--ops` times one is
///                     re-armed with another time; then all of them fire
///             common  `--n` timers of 30 s, re-armed `--ops` times; with what
///                     the library has for timers of one duration
///             same    the same with ordinary timers
///   --collect insert|cancel|rearm|fire   the phase that callgrind counts
///   --fire 0          not that phase
///
/// Reports insert_ns, cancel_ns, rearm_ns and fire_ns, for each.
#pragma once

#include <sys/eventfd.h>

#include "idle_timeout.h"

namespace bench {

template <class Loop>
class timers {
 public:
  static int run(const args& options) {
    prepare(options);
    const std::size_t ops = options.size("ops", 400'000);
    draw(ops);
    if (options.is("pattern", "common") || options.is("pattern", "same")) {
      one_duration(options, ops);
      return 0;
    }
    churn(options, ops);
    if (options.number("fire", 1) != 0) fire(options.is("collect", "fire"));
    return 0;
  }

 private:
  static constexpr std::int64_t duration_us = 30'000'000;

  static void prepare(const args& options) {
    n_ = static_cast<std::uint32_t>(options.number("n", 100'000));
    batch_ = options.size("batch", 256);
    common_ = options.is("pattern", "common");
    loop_ = new Loop(options);
    timers_ = new typename Loop::timer[n_];
    for (std::uint32_t i = 0; i < n_; ++i) {
      loop_->template timer_init<on_fire>(timers_[i], nullptr);
    }
    if constexpr (requires { loop_->common_timers(duration_us); }) {
      if (common_) loop_->common_timers(duration_us);
    }
    const int ready = eventfd(1, EFD_NONBLOCK);
    loop_->template io_init<on_driver>(driver_, ready, nullptr);
    loop_->io_start(driver_);
  }

  // In which order, and for how long.
  static void draw(std::size_t ops) {
    random_numbers random;
    order_.resize(n_);
    for (std::uint32_t i = 0; i < n_; ++i) order_[i] = i;
    for (std::uint32_t i = n_ - 1; i > 0; --i) {
      std::swap(order_[i], order_[random.below(i + 1)]);
    }
    delay_.resize(std::max<std::size_t>(n_, ops));
    for (auto& delay : delay_) delay = 1'000'000 + random.below(59'000'000);
  }

  static void start(std::size_t i, std::int64_t us) {
    if constexpr (requires { loop_->common_timer_start(timers_[i], us); }) {
      if (common_) {
        loop_->common_timer_start(timers_[i], us);
        return;
      }
    }
    loop_->timer_start(timers_[i], us);
  }

  static void on_driver(void*) {
    const std::size_t end = std::min(ops_, done_ + batch_);
    for (; done_ < end; ++done_) step_(done_);
    if (done_ == ops_) loop_->stop();
  }

  static double phase(std::size_t ops, void (*step)(std::size_t),
                      bool counted = false) {
    done_ = 0;
    ops_ = ops;
    step_ = step;
    region measured(counted);
    loop_->run();
    return measured.end() / static_cast<double>(ops);
  }

  static void insert(std::size_t i) { start(i, delay_[i]); }
  static void insert_in_order(std::size_t i) { start(order_[i], delay_[i]); }
  static void cancel(std::size_t i) { loop_->timer_stop(timers_[i]); }
  static void cancel_in_order(std::size_t i) { cancel(order_[i]); }
  static void rearm(std::size_t i) {
    start(order_[(i * 7919) % n_], delay_[i]);
  }
  static void insert_same(std::size_t i) { start(i, duration_us); }
  static void insert_same_in_order(std::size_t i) {
    start(order_[i], duration_us);
  }
  static void rearm_same(std::size_t i) {
    start(order_[(i * 7919) % n_], duration_us);
  }

  static void churn(const args& options, std::size_t ops) {
    report("insert_ns", phase(n_, insert, options.is("collect", "insert")));
    report("cancel_ns",
           phase(n_ / 2, cancel_in_order, options.is("collect", "cancel")));
    phase(n_ / 2, insert_in_order);
    report("rearm_ns", phase(ops, rearm, options.is("collect", "rearm")));
    phase(n_, cancel);
  }

  static void one_duration(const args& options, std::size_t ops) {
    phase(n_, insert_same);
    phase(n_, insert_same_in_order);
    report("rearm_ns", phase(ops, rearm_same, options.is("collect", "rearm")));
  }

  static void fire(bool counted) {
    counts_fire_ = counted;
    loop_->io_stop(driver_);
    const int kick = eventfd(1, EFD_NONBLOCK);
    loop_->template io_init<on_kick>(kick_, kick, nullptr);
    loop_->io_start(kick_);
    loop_->run();
    report("fire_ns", fire_ns_);
  }

  // Starts all timers within 10 ms, and waits until all are due.
  static void on_kick(void*) {
    loop_->io_stop(kick_);
    for (std::uint32_t i = 0; i < n_; ++i) {
      loop_->timer_start(timers_[i], 1 + delay_[i] % 10'000);
    }
    const std::uint64_t due = now_ns() + 15'000'000;
    while (now_ns() < due) {
    }
    fired_ = 0;
    firing_ = new region(counts_fire_);
  }

  static void on_fire(void*) {
    if (++fired_ == n_) {
      fire_ns_ = firing_->end() / n_;
      loop_->stop();
    }
  }

  static inline Loop* loop_;
  static inline typename Loop::timer* timers_;
  static inline typename Loop::io driver_, kick_;
  static inline std::uint32_t n_;
  static inline std::vector<std::uint32_t> order_, delay_;
  static inline std::size_t batch_, done_, ops_, fired_;
  static inline void (*step_)(std::size_t);
  static inline bool common_, counts_fire_;
  static inline region* firing_;
  static inline double fire_ns_;
};

template <class Loop>
int w2(const args& options) {
  if constexpr (has_timers<Loop>) {
    return timers<Loop>::run(options);
  } else {
    return unsupported();
  }
}

}  // namespace bench
