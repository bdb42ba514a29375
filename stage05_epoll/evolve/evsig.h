/// \file
/// Signals, turned into something that a loop can wait for.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "evolve/event.h"

namespace evolve {

struct mailbox;

/// Catches signals for one base, and counts them until the loop comes by.
///
/// A handler may do next to nothing, and may run in any thread at any moment.
/// So it adds one to a counter; and if the loop is asleep, it writes a byte to
/// a pipe that the loop watches like any descriptor (the *self-pipe trick*). A
/// flag alone would not do: it can be set after the loop has looked at it and
/// before the loop sleeps. The byte carries nothing, and there is at most one
/// for each sleep: a full pipe cannot lose a signal, whatever their number.
///
/// Several bases may wait for one signal, and each gets every delivery. The
/// handler is installed for the first event of all bases and the previous one
/// restored after the last.
///
/// The pipe is made with the first signal event, so that a base without costs
/// no descriptors.
///
/// **Fork.** Signals that a child gets are not told to its parent's bases: it
/// does not write to the pipe that both share. It may have bases of its own,
/// even if its parent has several threads. It should neither use nor destroy
/// its parent's before reinit().
///
/// **Others' handlers.** One that the program installs while events wait for
/// the signal takes it away from all of them.
///
/// **Threads.** add() and del() of different bases may run at the same time.
///
/// \libevent{evsignal-internal.h,evsig_info}
class evsig {
 public:
  /// The events of one signal, in the order in which they were added.
  using list = tailq<event, &event::io_next_>;

  /// `asleep` is set by the base while its loop sleeps; reset by the handler
  /// that wakes it.
  evsig(event_base& base, std::atomic<bool>& asleep) noexcept;

  /// Requires that no event is left.
  ~evsig();

  evsig(const evsig&) = delete;

  /// Requires that `ev` is a signal event that is not on the map.
  /// \throws std::system_error with EINVAL for what is no signal's number or
  ///     cannot be caught, or if there are no descriptors for the pipe.
  /// \libevent{evmap.c,evmap_signal_add_}
  void add(event& ev);

  /// Requires that `ev` is on the map.
  /// \libevent{evmap.c,evmap_signal_del_}
  void del(event& ev) noexcept;

  /// Whether there has ever been a signal event. The next three require it.
  bool in_use() const noexcept { return caught_ != nullptr; }

  /// Whether a signal has come since the last reset().
  bool pending() const noexcept;

  /// Forgets that a signal has come, but not how many have. Whether one had.
  bool reset() noexcept;

  /// In a child after fork(): has a pipe of its own, and forgets what has come
  /// to the parent.
  /// \throws std::system_error when there are no descriptors for it.
  void reinit();

  /// How often `signo` has come since the last call.
  int take(int signo) noexcept;

  /// The events that wait for `signo`. Requires `signo` < size().
  const list& waiting_on(int signo) const noexcept {
    return sigmap_[static_cast<std::size_t>(signo)];
  }

  /// One more than the greatest signal that has been on the map.
  int size() const noexcept { return static_cast<int>(sigmap_.size()); }

 private:
  std::unique_ptr<mailbox> open();  // a new one, for the handler to fill
  list& reserve(int signo);  // its events, with a place on the map

  event_base& base_;  // the base that watches the pipe
  std::atomic<bool>& asleep_;  // whether a handler has to write to it
  std::vector<list> sigmap_;  // by signal
  std::unique_ptr<mailbox> caught_;  // what the handler has left for this base
};

}  // namespace evolve
