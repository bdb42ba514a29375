/// \file
/// Memory that runs out, for tests.
#pragma once

#include <new>
#include <utility>

namespace evolve {

/// Has one allocation fail, and sees whether that is thrown:
///
///     shortage third(3);
///     const bool added = third.during([&] { ev.add(); });
///
/// What this program allocates with, operator new, asks comes_now() each time.
class shortage {
 public:
  /// The `nth` allocation of what during() does, counted over all of its calls,
  /// will fail; if this thread makes it.
  explicit shortage(int nth) noexcept : left_(nth) {}

  /// Does `work`; whether it ended without std::bad_alloc.
  template <class F>
  bool during(F work) {
    fails_in = left_;
    bool done = true;
    try {
      work();
    } catch (const std::bad_alloc&) {
      done = false;
    }
    left_ = std::exchange(fails_in, 0);
    return done;
  }

  /// Whether the allocation has failed.
  bool came() const noexcept { return left_ == 0; }

  /// Counts an allocation; whether it is to fail.
  static bool comes_now() noexcept { return fails_in > 0 && --fails_in == 0; }

 private:
  static inline thread_local int fails_in = 0;  // allocations; 0: none fails

  int left_;  // allocations until the one that fails
};

}  // namespace evolve
