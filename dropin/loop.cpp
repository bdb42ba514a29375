// The loop, and what ends it.
#include "c_interface.h"
#include "evolve/eventop.h"

using evolve::event_count;
using evolve::loop_flags;
using evolve::loop_result;

namespace {

constexpr int known_flags =
    EVLOOP_ONCE | EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY;

// A loop that does not wait goes on as long as there is something to call;
// evolve's is one turn.
bool goes_on(const event_base& base, int flags, loop_result end) {
  if (!(flags & EVLOOP_NONBLOCK) || base.got_break()) return false;
  if (flags & EVLOOP_ONCE) return base.num_events(event_count::active) > 0;
  return end != loop_result::idle;
}

int run(event_base& base, int flags) {
  for (;;) {
    const auto turn = static_cast<loop_flags>(flags & known_flags);
    const loop_result end = base.loop(turn);
    if (end == loop_result::no_events) return 1;
    if (!goes_on(base, flags, end)) return 0;
  }
}

// A call of event_base_loop(), in whatever thread: of several, one runs the
// loop. Ends by whatever way.
struct in_loop {
  explicit in_loop(event_base& called) noexcept
      : base(called), alone(!called.in_loop.exchange(true)) {}
  ~in_loop() {
    if (alone) base.in_loop = false;
  }
  in_loop(const in_loop&) = delete;
  in_loop& operator=(const in_loop&) = delete;

  event_base& base;
  const bool alone;  // no other call goes on
};

}  // namespace

// A request to leave is an event like others, so that what is due before it, or
// is more urgent, is called before; what is less urgent is not called.
void event_base::leave() {
  if (evolve::event_access::has_more(*this)) {
    return evolve::event_access::active_in_turn(exit);
  }
  exited = true;
  loopbreak();
}

// What a callback throws is the program's, and goes on its way.
int event_base_loop(event_base* base, int flags) {
  const in_loop guard(*base);
  if (!guard.alone) {
    dropin::warn(__func__, "the base's loop is running already");
    return -1;
  }
  base->exited = false;
  evolve::event_access::forget_break(*base);
  try {
    return run(*base, flags);
  } catch (const evolve::backend_error& failure) {
    dropin::warn(__func__, failure.what());
    dropin::set_errno(failure);
    return -1;
  }
}

int event_base_dispatch(event_base* base) {
  return event_base_loop(base, 0);
}

int event_base_loopexit(event_base* base, const timeval* delay) {
  return dropin::attempt(__func__, [&] {
    if (!delay || !timerisset(delay)) {
      return evolve::event_access::active_in_turn(base->exit);
    }
    base->once(
        -1, dropin::what::none, [base] { base->leave(); },
        dropin::to_duration(*delay));
  });
}

int event_base_loopbreak(event_base* base) {
  if (!base) return -1;
  base->loopbreak();
  return 0;
}

int event_base_loopcontinue(event_base* base) {
  if (!base) return -1;
  base->loopcontinue();
  return 0;
}

int event_base_got_exit(event_base* base) {
  return base->exited;
}

int event_base_got_break(event_base* base) {
  return !base->exited && base->got_break();
}
