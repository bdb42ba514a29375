/// \file
/// Enums whose values are the bits of a set.
#pragma once

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

}  // namespace evolve
