/// \file
/// What a backend is: the pattern's *synchronous event demultiplexer*.
#pragma once

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "evolve/what.h"

namespace evolve {

/// One descriptor on which something has happened; or with what::signal in
/// `fired`, one signal that has come.
struct ready {
  int fd;  ///< the descriptor, or the number of the signal
  what fired;  ///< the conditions; may be more than were asked for
  int error;  ///< not 0: the descriptor went bad, this is why; `fired` is
      ///< `unwatched`, since the backend watches it no more
  int count = 1;  ///< of a signal: how often it has come, as far as is known
};

/// What a backend may be able to do besides.
/// \libevent{event.h,event_method_feature}
enum class feature : unsigned {
  none = 0,  ///< no feature
  et = 0x01,  ///< it can tell that a descriptor *becomes* ready: what::et
  o1 = 0x02,  ///< the kernel remembers what is watched: a turn costs what
  ///< happens in it, not what is watched
  fds = 0x04,  ///< it takes every kind of descriptor, files on disk too
  early_close = 0x08,  ///< it sees that the peer has closed: what::closed
};

/// \libevent{event.h,event_method_feature}
template <>
inline constexpr bool is_bitmask<feature> = true;

/// What the loop throws when its backend cannot wait: a class of its own, by
/// which a program tells it from what callbacks throw, unless one of them runs
/// another loop.
struct backend_error : std::system_error {
  /// `why` is what the backend has thrown.
  explicit backend_error(const std::system_error& why)
      : std::system_error(why) {}
};

/// A way to wait for many descriptors at once, behind one interface.
///
/// It knows descriptors and what is wanted on each. It does not know events,
/// and calls no callback: what it finds, it returns. One turn of the loop is
/// prepare(), wait(), collect().
///
/// \libevent{event-internal.h,eventop}
class eventop {
 public:
  virtual ~eventop() = default;

  eventop(const eventop&) = delete;
  eventop& operator=(const eventop&) = delete;

  /// The name by which one asks for it.
  virtual const char* name() const noexcept = 0;

  /// The features that it has.
  virtual feature features() const noexcept { return feature::none; }

  /// Watches `fd` for `now`, where it was watched for `old`, a part of that;
  /// what::none when it was not watched. The same as `old`: makes sure of it,
  /// since behind the number there may be another file by now.
  /// \throws std::system_error when it cannot; nothing has changed then.
  virtual void add(int fd, what old, what now) = 0;

  /// Watches `fd` only for `now`, a part of `old`; what::none: not at all. A
  /// descriptor that is not watched, or closed, is left alone.
  virtual void del(int fd, what old, what now) noexcept = 0;

  /// Makes ready to wait for all that has been added by now.
  virtual void prepare() = 0;

  /// Waits until something happens or `timeout` has passed; without one, for
  /// ever. Never returns too early because it rounded the time. The one system
  /// call of a turn: it touches nothing that add() and del() touch.
  /// \throws std::system_error unless it was only interrupted.
  virtual void wait(std::optional<std::chrono::nanoseconds> timeout) = 0;

  /// What wait() found; nothing when it was interrupted. Each descriptor comes
  /// once. Valid until the next prepare(), whatever is deleted meanwhile. If a
  /// number has been added anew since prepare(), it may be another file's: what
  /// was found of the old file is not told.
  virtual std::span<const ready> collect() = 0;

  /// In a child after fork(): leaves to the parent what the kernel keeps for
  /// both, and watches everything anew. A descriptor that can no longer be
  /// watched is reported by the next collect().
  /// \throws std::system_error when it cannot.
  virtual void reinit() {}

  /// Watches for the signal `signo`, from now on. Whether it has a way to do
  /// so; if not, a handler has to.
  /// \throws std::system_error when it has, and cannot.
  virtual bool add_signal(int /*signo*/) { return false; }

  /// Ends what add_signal() began.
  virtual void del_signal(int /*signo*/) noexcept {}

  /// A descriptor that is readable while wait() would find something; -1 when
  /// the backend has none. It stays the backend's, and the same until reinit().
  /// \throws std::system_error when there are no descriptors for it.
  virtual int backend_fd() { return -1; }

  /// Whether add() and del() bear on a wait that goes on in another thread.
  virtual bool changes_at_once() const noexcept { return false; }

  /// Makes notify() end a wait. Whether it has a way to do so.
  /// \throws std::system_error when it has, and cannot.
  virtual bool add_notify() { return false; }

  /// Ends the wait that goes on in another thread, or the next. Requires
  /// add_notify().
  virtual void notify() noexcept {}

 protected:
  eventop() = default;
};

/// A backend that can be asked for by name.
struct method {
  const char* name;  ///< what its eventop::name() says
  std::unique_ptr<eventop> (*make)();  ///< makes a backend; throws if it cannot
};

/// The backends of this system, the best one first.
/// \libevent{event.c,eventops}
std::span<const method> supported_methods() noexcept;

/// Makes the backend called `name`.
/// \throws std::invalid_argument when there is none, and says which there are.
std::unique_ptr<eventop> make_eventop(std::string_view name);

/// `timeout` in the unit of poll(): milliseconds, rounded up, at most INT_MAX
/// and at least 0; -1 for ever.
/// \libevent{evutil_time.c,evutil_tv_to_msec_}
int timeout_ms(std::optional<std::chrono::nanoseconds> timeout) noexcept;

/// `length` for system calls that take nanoseconds.
timespec to_timespec(std::chrono::nanoseconds length) noexcept;

}  // namespace evolve
