/// \file
/// W7, memory. How much the heap grows for each event on a descriptor (`--n` of
/// them), for each with an idle timeout, and for each timer (`--timers`); with
/// what the caller holds. Reports fd_event_bytes, fd_timeout_bytes, timer_bytes.
#pragma once

#include <malloc.h>

#include "idle_timeout.h"

namespace bench {

inline double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

template <class Loop>
class memory {
 public:
  explicit memory(const args& options)
      : n_(options.size("n", 9000)), loop_(*new Loop(options)), fds_(n_ * 2) {
    want_descriptors(n_ * 2 + 100);
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) die("pipe");
    for (int& fd : fds_) {
      fd = dup(ends[0]);
      if (fd < 0) die("dup");
    }
    settle(loop_);
  }

  void events() {
    const double before = heap_bytes();
    auto* held = new typename Loop::io[n_];
    for (std::size_t i = 0; i < n_; ++i) {
      loop_.template io_init<never>(held[i], fds_[i], nullptr);
      loop_.io_start(held[i]);
    }
    tell("fd_event_bytes", before, n_);
  }

  void timeouts() {
    const double before = heap_bytes();
    auto* held = new io_timeout<Loop>[n_];
    for (std::size_t i = 0; i < n_; ++i) {
      io_timeout_init<never>(loop_, held[i], fds_[n_ + i], nullptr);
      io_timeout_start(loop_, held[i], minute_us);
    }
    tell("fd_timeout_bytes", before, n_);
  }

  void timers(std::size_t count) {
    const double before = heap_bytes();
    auto* held = new typename Loop::timer[count];
    for (std::size_t i = 0; i < count; ++i) {
      loop_.template timer_init<never>(held[i], nullptr);
      loop_.timer_start(held[i], minute_us + static_cast<std::int64_t>(i));
    }
    tell("timer_bytes", before, count);
  }

 private:
  static constexpr std::int64_t minute_us = 60'000'000;

  void tell(const char* what, double before, std::size_t count) {
    settle(loop_);
    report(what, (heap_bytes() - before) / static_cast<double>(count));
  }

  std::size_t n_;
  Loop& loop_;
  std::vector<int> fds_;
};

template <class Loop>
int w7(const args& options) {
  memory<Loop> measured(options);
  measured.events();
  if constexpr (has_timers<Loop>) {
    measured.timeouts();
    measured.timers(options.size("timers", 100'000));
  }
  return 0;
}

}  // namespace bench
