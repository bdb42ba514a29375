// Debug mode: which events have been assigned, by their address. What they are
// on is in the events themselves.
#include <fcntl.h>

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_set>

#include "c_interface.h"

using dropin::to_evolve;

namespace {

std::atomic<bool> is_on = false;
std::atomic<bool> is_too_late = false;
std::mutex mutex;
std::unordered_set<const event*> assigned;

[[noreturn]] void violation(const char* function, const char* what) {
  dropin::fatal(dropin::fault_of_the_program,
                std::string(function) + ": " + what);
}

bool is_assigned(const event* ev) {
  const std::lock_guard lock(mutex);
  return assigned.contains(ev);
}

void require_not_added(const event* ev, const char* function) {
  if (!is_assigned(ev)) return;
  if (evolve::event_access::is_idle(to_evolve(ev))) return;
  violation(function, "the event is added or due");
}

// Level-triggered or not, a callback may find nothing to read.
void require_nonblocking(int fd) {
  const int flags = fd < 0 ? -1 : ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK)) return;
  violation("event_assign", "the descriptor blocks");
}

}  // namespace

void dropin::debug_too_late() noexcept {
  is_too_late = true;
}

void dropin::debug_assign(const event* ev, int fd, short events) {
  debug_too_late();
  if (!is_on) return;
  require_not_added(ev, "event_assign");
  if (!(events & EV_SIGNAL)) require_nonblocking(fd);
  const std::lock_guard lock(mutex);
  assigned.insert(ev);
}

void dropin::debug_forget(const event* ev) {
  if (!is_on) return;
  const std::lock_guard lock(mutex);
  assigned.erase(ev);
}

void dropin::debug_require_assigned(const event* ev, const char* function) {
  if (is_on && !is_assigned(ev)) violation(function, "the event has no life");
}

void event_enable_debug_mode() {
  if (is_on) dropin::fatal(1, "event_enable_debug_mode: for the second time");
  if (is_too_late) {
    dropin::fatal(1, "event_enable_debug_mode: there are events or bases");
  }
  is_on = true;
}

void event_debug_unassign(event* ev) {
  if (is_on) require_not_added(ev, __func__);
  dropin::debug_forget(ev);
  evolve::event_access::unmake(to_evolve(ev));
}

void libevent_global_shutdown() {
  is_on = false;
  is_too_late = false;
  const std::lock_guard lock(mutex);
  assigned.clear();
}
