/// \file
/// A descriptor with an idle timeout. An adapter whose library has such a thing
/// has its own `io_timeout`; for the others it is an event on a descriptor and
/// a timer, as their users write it.
#pragma once

#include <cstdint>

#include "bench.h"

namespace bench {

template <class Loop>
concept has_timers = requires {
  typename Loop::timer;
};

template <class Loop>
concept has_io_timeout = requires {
  typename Loop::io_timeout;
};

template <class Loop>
struct io_and_timer {
  typename Loop::io io;
  typename Loop::timer timer;
};

template <class Loop>
struct io_timeout_of {
  using type = io_and_timer<Loop>;
};

template <has_io_timeout Loop>
struct io_timeout_of<Loop> {
  using type = typename Loop::io_timeout;
};

template <class Loop>
using io_timeout = typename io_timeout_of<Loop>::type;

template <auto F, class Loop>
void io_timeout_init(Loop& loop, io_timeout<Loop>& x, int fd, void* arg) {
  if constexpr (has_io_timeout<Loop>) {
    loop.template io_timeout_init<F>(x, fd, arg);
  } else {
    loop.template io_init<F>(x.io, fd, arg);
    loop.template timer_init<never>(x.timer, arg);
  }
}

template <class Loop>
void io_timeout_start(Loop& loop, io_timeout<Loop>& x, std::int64_t us) {
  if constexpr (has_io_timeout<Loop>) {
    loop.io_timeout_start(x, us);
  } else {
    loop.io_start(x.io);
    loop.timer_start(x.timer, us);
  }
}

template <class Loop>
void io_timeout_stop(Loop& loop, io_timeout<Loop>& x) {
  if constexpr (has_io_timeout<Loop>) {
    loop.io_timeout_stop(x);
  } else {
    loop.io_stop(x.io);
    loop.timer_stop(x.timer);
  }
}

/// The event stays, its timeout moves.
template <class Loop>
void io_timeout_rearm(Loop& loop, io_timeout<Loop>& x, std::int64_t us) {
  if constexpr (has_io_timeout<Loop>) {
    loop.io_timeout_rearm(x, us);
  } else {
    loop.timer_start(x.timer, us);
  }
}

}  // namespace bench
