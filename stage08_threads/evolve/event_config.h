/// \file
/// What a base is to be like.
#pragma once

#include <climits>
#include <memory>
#include <string>
#include <vector>

#include "evolve/clock.h"
#include "evolve/eventop.h"

namespace evolve {

/// Peculiarities of a base.
/// \libevent{event.h,event_base_config_flag}
enum class base_flag : unsigned {
  none = 0,  ///< nothing peculiar
  ignore_env = 0x02,  ///< the environment has no say in it
  no_cache_time = 0x08,  ///< the clock is read whenever the time is asked for
  epoll_use_changelist = 0x10,  ///< of the two methods on epoll, only the one
  ///< that merges changes
  threads = 0x100,  ///< other threads use the base too, as event_base::
  ///< make_notifiable() says
};

/// \libevent{event.h,event_base_config_flag}
template <>
inline constexpr bool is_bitmask<base_flag> = true;

/// How much a turn may call before the loop looks for more urgent things. What
/// is left stays due. Without limits, a long queue keeps all else waiting.
/// \libevent{event.h,event_config_set_max_dispatch_interval}
struct dispatch_limits {
  duration interval = duration::max();  ///< for how long; at least one callback
  int callbacks = INT_MAX;  ///< how many callbacks
  int min_priority = 0;  ///< the more urgent ones, of lower numbers, are exempt
};

/// What a base is to be like, and how it is to choose its backend.
///
/// The backends of the system are tried in order, the best one first; passed
/// over is what is to be avoided, what lacks a feature, and what cannot be had.
///
/// The environment may avoid a backend too, whatever its value: `EVENT_NOEPOLL`
/// and so on, `EVENT_NO` and the name in capitals; and with `EVENT_SHOW_METHOD`
/// it is logged which backend has been chosen. `EVENT_EPOLL_USE_CHANGELIST`
/// sets that flag. A program that runs with more rights than its user has looks
/// at no environment.
///
/// \libevent{event-internal.h,event_config}
class event_config {
 public:
  /// Passes over the backend called `name`; one that this system does not have
  /// is none to be avoided.
  /// \libevent{event.c,event_config_avoid_method}
  event_config& avoid_method(std::string name);

  /// Passes over what does not have all of `features`, instead of those asked
  /// for earlier.
  /// \libevent{event.c,event_config_require_features}
  event_config& require_features(feature features) noexcept;

  /// Sets `flag`, beside those that are set.
  /// \libevent{event.c,event_config_set_flag}
  event_config& set_flag(base_flag flag) noexcept;

  /// Limits what a turn may call.
  /// \throws std::invalid_argument unless `limits` let a turn call something:
  ///     callbacks >= 1, interval >= 0, min_priority >= 0.
  /// \libevent{event.c,event_config_set_max_dispatch_interval}
  event_config& set_max_dispatch_interval(const dispatch_limits& limits);

  /// Whether `flag` is set.
  bool has(base_flag flag) const noexcept { return any(flags_ & flag); }

  /// What a turn may call.
  const dispatch_limits& limits() const noexcept { return limits_; }

  /// Makes the best backend there is. That a better one could not be had, as
  /// at the limit of descriptors, is logged.
  /// \throws std::runtime_error when none is left; it says for each, why.
  /// \libevent{event.c,event_base_new_with_config}
  std::unique_ptr<eventop> make_eventop() const;

 private:
  // Whether that variable is set, and has a say.
  bool hears_environment(const char* variable) const noexcept;
  std::string refusal(const method& candidate) const;
  std::unique_ptr<eventop> make(const method& candidate, std::string& why,
                                bool& failed) const;

  std::vector<std::string> avoided_;  // by name
  feature required_ = feature::none;  // features that it has to have
  base_flag flags_ = base_flag::none;  // what is peculiar about it
  dispatch_limits limits_;  // on what a turn calls
};

}  // namespace evolve
