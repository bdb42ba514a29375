// A clock, and bytes that cannot be guessed.
#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "c_interface.h"

// A clock that only goes forward, even where the system has none.
struct evutil_monotonic_timer {
  bool falls_back = false;  // is to do with the time of day
  timeval last{};  // the time it has shown last
};

evutil_monotonic_timer* evutil_monotonic_timer_new() try {
  return dropin::create<evutil_monotonic_timer>();
} catch (const std::bad_alloc&) {
  return nullptr;
}

void evutil_monotonic_timer_free(evutil_monotonic_timer* timer) {
  if (timer) dropin::destroy(timer);
}

int evutil_configure_monotonic_time(evutil_monotonic_timer* timer, int flags) {
  timer->falls_back = (flags & EV_MONOT_FALLBACK) != 0;
  return 0;
}

int evutil_gettime_monotonic(evutil_monotonic_timer* timer, timeval* time) {
  if (timer->falls_back) {
    ::gettimeofday(time, nullptr);
    if (timercmp(time, &timer->last, <)) *time = timer->last;
    timer->last = *time;
  } else {
    *time = dropin::to_timeval(evolve::clock::now().time_since_epoch());
  }
  return 0;
}

// The kernel's, which needs no beginning, and no more of anything.
void evutil_secure_rng_get_bytes(void* bytes, std::size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = ::getrandom(at, size, 0);
    if (got < 0 && errno != EINTR) std::abort();  // no other source is as good
    if (got < 0) continue;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

int evutil_secure_rng_init() {
  return 0;
}

int evutil_secure_rng_set_urandom_device_file(char* /*name*/) {
  static bool told = false;
  dropin::stub(__func__, told);
  return 0;
}

void evutil_secure_rng_add_bytes(const char* /*bytes*/, std::size_t /*size*/) {
  static bool told = false;
  dropin::stub(__func__, told);
}
