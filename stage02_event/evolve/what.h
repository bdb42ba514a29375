/// \file
/// What an event waits for, and what has happened to it.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace evolve {

/// Specialised to true for an enum whose values are bits of a set; this gives
/// it the operators below.
template <class E>
inline constexpr bool is_bitmask = false;

/// An enum class that is a set of bits.
template <class E>
concept bitmask = is_bitmask<E>;

/// Everything that is in `a` or in `b`.
template <bitmask E>
constexpr E operator|(E a, E b) noexcept {
  using bits = std::underlying_type_t<E>;
  return static_cast<E>(static_cast<bits>(a) | static_cast<bits>(b));
}

/// What is both in `a` and in `b`.
template <bitmask E>
constexpr E operator&(E a, E b) noexcept {
  using bits = std::underlying_type_t<E>;
  return static_cast<E>(static_cast<bits>(a) & static_cast<bits>(b));
}

/// Everything that is not in `a`.
template <bitmask E>
constexpr E operator~(E a) noexcept {
  using bits = std::underlying_type_t<E>;
  return static_cast<E>(static_cast<bits>(~static_cast<bits>(a)));
}

/// Puts what is in `b` into `a`.
template <bitmask E>
constexpr E& operator|=(E& a, E b) noexcept {
  return a = a | b;
}

/// Leaves in `a` only what is also in `b`.
template <bitmask E>
constexpr E& operator&=(E& a, E b) noexcept {
  return a = a & b;
}

/// Whether there is anything in `set`.
template <bitmask E>
constexpr bool any(E set) noexcept {
  return set != E{};
}

/// What an event waits for, and, given to its callback, what has happened.
///
/// The values are those of libevent's `EV_READ` and its kin, so that a trace
/// of one can be read beside a trace of the other.
///
/// \libevent{event.h,EV_READ}
enum class what : std::uint16_t {
  none = 0,  ///< nothing
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
