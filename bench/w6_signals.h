/// \file
/// W6, signals. `--burst` times raise(), and turns until the callback has been
/// called; a library may tell of several deliveries at once or of each.
/// Reports raise_ns, for each of `--count`.
#pragma once

#include <csignal>

#include "bench.h"

namespace bench {

template <class Loop>
class signals {
 public:
  static int run(const args& options) {
    const long burst = options.number("burst", 1);
    const long rounds = options.number("count", 50'000) / burst;
    loop_ = new Loop(options);
    auto* signal = new typename Loop::signal;
    loop_->template signal_init<on_signal>(*signal, SIGUSR1, nullptr);
    loop_->signal_start(*signal);
    loop_->poll();
    for (int i = 0; i < 200; ++i) round(burst);
    region measured;
    for (long i = 0; i < rounds; ++i) round(burst);
    report("raise_ns", measured.end() / static_cast<double>(rounds * burst));
    return 0;
  }

 private:
  static void on_signal(void*) { ++calls_; }

  static void round(long burst) {
    const long before = calls_;
    for (long i = 0; i < burst; ++i) raise(SIGUSR1);
    while (calls_ == before) loop_->poll();
  }

  static inline Loop* loop_;
  static inline long calls_;
};

template <class Loop>
int w6(const args& options) {
  if constexpr (requires { typename Loop::signal; }) {
    return signals<Loop>::run(options);
  } else {
    return unsupported();
  }
}

}  // namespace bench
