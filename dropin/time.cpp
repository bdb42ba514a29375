// Time as C programs have it: in seconds and microseconds.
#include <algorithm>
#include <limits>

#include "c_interface.h"

using dropin::duration;

namespace {

constexpr long long nanoseconds = 1000000000;

// How libevent writes the number of a common timeout into its microseconds.
constexpr unsigned magic = 0x50000000;
constexpr unsigned magic_mask = 0xf0000000;
constexpr unsigned index_shift = 20;
constexpr unsigned index_mask = 0xff;
constexpr unsigned microseconds_mask = 0xfffff;
constexpr std::size_t max_commons = 256;

constexpr duration a_step = std::chrono::milliseconds(1);
constexpr long second = 1000000;

unsigned bits(const timeval& time) noexcept {
  return static_cast<unsigned>(time.tv_usec);
}

timeval stripped(const timeval& time) noexcept {
  timeval length = {time.tv_sec,
                    static_cast<suseconds_t>(bits(time) & microseconds_mask)};
  return length;
}

// What a common timeout is asked for by: a length, or another common timeout.
timeval normalized(timeval length) noexcept {
  if (bits(length) <= second) return length;
  if ((bits(length) & magic_mask) == magic) length = stripped(length);
  return {length.tv_sec + length.tv_usec / second, length.tv_usec % second};
}

}  // namespace

duration dropin::to_duration(const timeval& time) noexcept {
  constexpr long long most = std::numeric_limits<long long>::max();
  if (time.tv_sec >= most / nanoseconds - 1) return duration::max();
  if (time.tv_sec < 0) return duration::zero();
  return std::max<duration>(duration::zero(),
                            std::chrono::seconds(time.tv_sec) +
                                std::chrono::microseconds(time.tv_usec));
}

timeval dropin::to_timeval(duration length) noexcept {
  const auto whole = std::chrono::ceil<std::chrono::microseconds>(length);
  const auto s = std::chrono::floor<std::chrono::seconds>(whole);
  return {static_cast<std::time_t>(s.count()),
          static_cast<suseconds_t>((whole - s).count())};
}

const timeval* event_base_init_common_timeout(event_base* base,
                                              const timeval* length) try {
  const timeval wanted = normalized(*length);
  const std::lock_guard lock(base->commons_mutex);
  for (const event_base::common& known : base->commons) {
    const timeval its = stripped(known.magic);
    if (timercmp(&its, &wanted, ==)) return &known.magic;
  }
  if (base->commons.size() == max_commons) {
    dropin::warn(__func__, "a base has 256 of them at most");
    return nullptr;
  }
  const duration time = dropin::to_duration(wanted);
  const auto index = static_cast<unsigned>(base->commons.size());
  const timeval named = {
      wanted.tv_sec,
      static_cast<suseconds_t>(bits(wanted) | magic | index << index_shift)};
  base->commons.push_back({named, time > duration::zero()
                                      ? &base->init_common_timeout(time)
                                      : nullptr});
  return &base->commons.back().magic;
} catch (const std::bad_alloc& failure) {
  dropin::warn(__func__, failure.what());
  return nullptr;
}

const event_base::common* dropin::common_of(event_base& base,
                                            const timeval& time) noexcept {
  if ((bits(time) & magic_mask) != magic) return nullptr;
  const std::lock_guard lock(base.commons_mutex);
  const unsigned index = bits(time) >> index_shift & index_mask;
  return index < base.commons.size() ? &base.commons[index] : nullptr;
}

// By the time of day. The offset of the loop's clock is measured anew each
// time, but only a step counts: in a callback the same moment has to look the
// same.
timeval dropin::to_time_of_day(event_base& base,
                               evolve::time_point moment) noexcept {
  timeval now;
  ::gettimeofday(&now, nullptr);
  const duration measured = std::chrono::seconds(now.tv_sec) +
                            std::chrono::microseconds(now.tv_usec) -
                            evolve::clock::now().time_since_epoch();
  duration offset = base.time_of_day.load();
  if (measured - offset > a_step || offset - measured > a_step) {
    base.time_of_day.store(measured);
    offset = measured;
  }
  const auto shown = evolve::after(moment, std::max(offset, duration::zero()));
  return dropin::to_timeval(shown.time_since_epoch());
}

int event_base_gettimeofday_cached(event_base* base, timeval* time) {
  if (!base) base = dropin::current_base;
  if (!base || !base->running_loop()) return ::gettimeofday(time, nullptr);
  *time = dropin::to_time_of_day(*base, base->now());
  return 0;
}

int event_base_update_cache_time(event_base* base) {
  if (!base) base = dropin::current_base;
  if (!base) return -1;
  base->update_time_cache();
  return 0;
}

int event_gettime_monotonic(event_base* base, timeval* time) {
  if (!base || !time) return -1;
  *time = dropin::to_timeval(evolve::clock::now().time_since_epoch());
  return 0;
}
