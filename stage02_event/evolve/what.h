/// \file
/// What an event waits for, and what has happened to it.
#pragma once

#include <cstdint>
#include <string>

#include "evolve/bitmask.h"

namespace evolve {

/// What an event waits for, and, given to its callback, what has happened.
///
/// The values are those of libevent's `EV_READ` and its kin, so that a trace
/// of one can be read beside a trace of the other.
///
/// \libevent{event.h,EV_READ}
enum class what : std::uint16_t {
  none = 0,  ///< no condition
  read = 0x02,  ///< read() would not block: there is data, an end or an error
  write = 0x04,  ///< write() would take something: there is room, or an error
  persist = 0x10,  ///< the event stays added when its callback is called
  unwatched = 0x100,  ///< only told, and alone: the event is not watched any
  ///< more, because its descriptor went bad
};

/// \libevent{event.h,EV_READ}
template <>
inline constexpr bool is_bitmask<what> = true;

/// All that can be waited for on a descriptor. An error or a hangup is
/// reported as all of it, so that it reaches whatever the event waits for.
inline constexpr what any_io = what::read | what::write;

/// `set` in words, for messages: "read|persist", or "none".
std::string to_string(what set);

}  // namespace evolve
