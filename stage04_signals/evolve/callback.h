/// \file
/// The function that an event calls.
#pragma once

#include <cstddef>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "evolve/what.h"

namespace evolve {

/// A function object of at most three words, held in place.
///
/// It takes a lambda that captures pointers or references, or a plain
/// function, that can be called with `(int fd, what fired)`, with `(what
/// fired)`, or with nothing. It is copied like the four words that it is: the
/// loop takes a copy before it calls, and that is what lets an event be
/// destroyed by its own callback. `std::function` would be destroyed with the
/// event while it runs, and may allocate.
///
/// A capture that owns something, or is bigger, does not compile: keep the
/// state in the object that owns the event, and capture a pointer to it.
///
/// **Lifetime.** What a capture points to must live while the event can fire.
///
/// \libevent{event.h,event_callback_fn}
class callback {
 public:
  /// Not explicit, so that a lambda can be given where a callback is wanted.
  /// \throws std::invalid_argument for a null pointer to a function.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, callback>)
      callback(F&& function)  // NOLINT(bugprone-forwarding-reference-overload)
      : invoke_(&invoke<std::decay_t<F>>) {
    using object = std::decay_t<F>;
    static_assert(std::is_trivially_copyable_v<object> &&
                      sizeof(object) <= sizeof(object_) &&
                      alignof(object) <= alignof(void*),
                  "an event's callback holds at most three words that own "
                  "nothing: keep the state in the event's owner and capture "
                  "a pointer to it");
    if constexpr (std::is_pointer_v<std::remove_reference_t<F>>) {
      // Else only its call would notice.
      if (!function) throw std::invalid_argument("callback: a null function");
    }
    ::new (object_) object(std::forward<F>(function));
  }

  /// Calls the function with as much of this as it takes.
  void operator()(int fd, what fired) const { invoke_(object_, fd, fired); }

 private:
  // The object is called as a constant: what it changed in itself would be
  // lost with the loop's copy.
  template <class F>
  static void invoke(const void* object, int fd, what fired) {
    const F& function = *std::launder(static_cast<const F*>(object));
    if constexpr (std::is_invocable_v<const F&, int, what>) {
      function(fd, fired);
    } else if constexpr (std::is_invocable_v<const F&, what>) {
      function(fired);
    } else {
      static_assert(std::is_invocable_v<const F&>,
                    "an event's callback takes (int fd, what fired), (what "
                    "fired) or nothing, and is not a mutable lambda");
      function();
    }
  }

  void (*invoke_)(const void*, int, what);  // knows the type
  alignas(void*) std::byte object_[3 * sizeof(void*)] = {};  // the captures
};

static_assert(std::is_trivially_copyable_v<callback>);
static_assert(sizeof(callback) == 4 * sizeof(void*));

}  // namespace evolve
