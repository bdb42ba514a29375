/// \file
/// What the parts of libevent's C interface share: a C program's `struct event`
/// is an evolve::event, and its `struct event_base` is derived from
/// evolve::event_base.
#pragma once

#include <event2/event.h>
#include <event2/event_compat.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#include <event2/util.h>
#include <sys/time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "event_access.h"

// The same bytes, seen from two sides: what a C program reads or writes itself
// has to be where libevent has it.
static_assert(sizeof(event) == sizeof(evolve::event));
static_assert(alignof(event) == alignof(evolve::event));
static_assert(offsetof(event, ev_fd) == evolve::event_access::layout::fd);
static_assert(offsetof(event, ev_base) == evolve::event_access::layout::base);
static_assert(offsetof(event, ev_events) ==
              evolve::event_access::layout::events);
static_assert(offsetof(event, ev_res) == evolve::event_access::layout::res);

// The same numbers for the same things.
static_assert(EV_TIMEOUT == static_cast<int>(evolve::what::timeout));
static_assert(EV_READ == static_cast<int>(evolve::what::read));
static_assert(EV_WRITE == static_cast<int>(evolve::what::write));
static_assert(EV_SIGNAL == static_cast<int>(evolve::what::signal));
static_assert(EV_PERSIST == static_cast<int>(evolve::what::persist));
static_assert(EV_ET == static_cast<int>(evolve::what::et));
static_assert(EV_CLOSED == static_cast<int>(evolve::what::closed));
static_assert(EVLOOP_ONCE == static_cast<int>(evolve::loop_flags::once));
static_assert(EVLOOP_NONBLOCK ==
              static_cast<int>(evolve::loop_flags::nonblock));
static_assert(EVLOOP_NO_EXIT_ON_EMPTY ==
              static_cast<int>(evolve::loop_flags::no_exit_on_empty));
static_assert(EVLIST_INIT == static_cast<int>(evolve::evlist::foreign));

/// \libevent{event-internal.h,event_config}
struct event_config {
  evolve::event_config settings;  ///< for the base
  bool without_lock = false;  ///< also where there are threads
};

/// The base that a C program holds.
/// \libevent{event-internal.h,event_base}
struct event_base : evolve::event_base {
  /// A timeout that event_base_init_common_timeout() has given out.
  struct common {
    timeval magic;  ///< its number is in the upper bits of the microseconds
    evolve::common_timeout* timeout;  ///< null for one of no length
  };

  /// \throws std::runtime_error when `config` leaves no backend.
  explicit event_base(const evolve::event_config& config);
  ~event_base();

  /// Ends the run of the loop as soon as what else is due in this turn, and of
  /// the same priority, has been called. To be called by a callback.
  void leave();

  evolve::event exit;  ///< for event_base_loopexit()
  std::atomic<bool> in_loop = false;  ///< a call of event_base_loop() goes on
  std::atomic<bool> exited = false;  ///< by it, this run or the last one
  bool changelist;  ///< has been asked for by name
  bool finalizes = true;  ///< its end calls finalizers
  std::mutex commons_mutex;  ///< for the deque below
  std::deque<common> commons;  ///< by number; none goes away or moves
  std::atomic<evolve::duration> time_of_day{};  ///< at the clock's beginning
};

namespace dropin {

using evolve::any_io;
using evolve::duration;
using evolve::what;

/// The event in a C program's memory.
inline evolve::event& to_evolve(event* ev) noexcept {
  return *reinterpret_cast<evolve::event*>(ev);
}

/// The same event, to look at.
inline const evolve::event& to_evolve(const event* ev) noexcept {
  return *reinterpret_cast<const evolve::event*>(ev);
}

/// The C program's memory in which `ev` is.
inline event* to_c(const evolve::event* ev) noexcept {
  return reinterpret_cast<event*>(const_cast<evolve::event*>(ev));
}

/// The base of an event; null when it has none.
inline event_base* base_of(const event* ev) noexcept {
  return static_cast<event_base*>(evolve::event_access::base(to_evolve(ev)));
}

/// Whether `ev` has a base. If not, that is logged for `function`.
bool has_base(const event* ev, const char* function);

/// Bits of EV_READ and its kin, and back.
inline what to_what(int bits) noexcept {
  return static_cast<what>(static_cast<std::uint16_t>(bits));
}
inline short to_bits(what set) noexcept {
  return static_cast<short>(set);
}

/// What a C program's event calls.
struct c_callback {
  event_callback_fn function;  ///< the program's
  void* argument;  ///< and what it is given, the program's too
  std::uintptr_t events;  ///< what the event waits for, since it was added

  void operator()(int fd, what fired) const;
};

/// The base of event_init(); null before. \libevent{event.c,current_base}
extern event_base* current_base;

/// `time` as a duration; none when it is negative, and the longest there is when
/// it is too much for one.
duration to_duration(const timeval& time) noexcept;

/// `length` in microseconds, rounded up.
timeval to_timeval(duration length) noexcept;

/// `moment` by the time of day.
timeval to_time_of_day(event_base& base, evolve::time_point moment) noexcept;

/// The common timeout that `time` stands for; null when it stands for itself.
const event_base::common* common_of(event_base& base,
                                    const timeval& time) noexcept;

/// Memory as event_set_mem_functions() would have it.
/// \throws std::bad_alloc
void* allocate(std::size_t size);
void release(void* memory) noexcept;

/// A `T` in such memory.
/// \throws what its constructor throws, and std::bad_alloc.
template <class T, class... Arguments>
T* create(Arguments&&... arguments) {
  void* const memory = allocate(sizeof(T));
  try {
    return ::new (memory) T(std::forward<Arguments>(arguments)...);
  } catch (...) {
    release(memory);
    throw;
  }
}

/// The end of what create() has made.
template <class T>
void destroy(T* object) noexcept {
  object->~T();
  release(object);
}

/// Logs a warning: that `function` could not do what was asked, and why.
void warn(const char* function, const std::string& why) noexcept;

/// The code of an end for what no program should do.
/// \libevent{log-internal.h,EVENT_ERR_ABORT_}
inline constexpr int fault_of_the_program = static_cast<int>(0xdeaddead);

/// Logs, the first time, that `function` is only there to be linked.
void stub(const char* function, bool& told) noexcept;

/// Logs an error, and ends the process. \libevent{log.c,event_errx}
[[noreturn]] void fatal(int code, const std::string& why);

/// For debug mode: from now on it cannot be enabled; `ev` is made, is no more,
/// and is to be used.
void debug_too_late() noexcept;
void debug_assign(const event* ev, int fd, short events);
void debug_forget(const event* ev);
void debug_require_assigned(const event* ev, const char* function);

/// Whether bases are to be used by several threads from now on.
bool threads_in_use() noexcept;

/// Sets errno to what `failure` says, if it says something.
void set_errno(const std::exception& failure) noexcept;

/// 0; or -1 when `tried` has thrown, which is logged for `function`. It must
/// not call the program's callbacks.
template <class F>
int attempt(const char* function, F tried) noexcept {
  try {
    tried();
    return 0;
  } catch (const std::exception& failure) {
    warn(function, failure.what());
    set_errno(failure);
    return -1;
  }
}

}  // namespace dropin
