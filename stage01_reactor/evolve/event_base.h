/// \file
/// The loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "evolve/active_queues.h"
#include "evolve/event.h"
#include "evolve/eventop.h"
#include "evolve/fd_table.h"

namespace evolve {

/// Why the loop has returned.
/// \libevent{event.h,event_base_loop}
enum class loop_result {
  no_events,  ///< no event was left to wait for
};

/// The loop: waits for events, and calls their callbacks. The pattern's
/// *reactor*, or *initiation dispatcher*.
///
/// A turn has two phases. First all that is due is put on a queue, and only
/// then is anything called. So a callback may add, delete and destroy events as
/// it likes: what it deletes is taken off the queue, and what it adds is looked
/// at in the next turn at the earliest.
///
/// **Lifetime.** A base must outlive its use by events, not the events: its
/// destructor takes off what is left, and calls nothing. It must not be
/// destroyed by a callback. Callbacks may throw: the exception leaves the loop,
/// the rest stays due, and the loop can be entered again.
///
/// **Threads.** A base and its events belong to one thread at a time.
///
/// \libevent{event-internal.h,event_base}
class event_base {
 public:
  /// Waits with the best backend there is.
  /// \libevent{event.c,event_base_new}
  event_base();

  /// Waits with the backend called `method`, one of supported_methods().
  /// \throws std::invalid_argument when there is none of that name.
  explicit event_base(std::string_view method);

  /// Waits with `evsel`, a backend of the caller's making.
  /// \throws std::invalid_argument when it is null.
  explicit event_base(std::unique_ptr<eventop> evsel);

  /// Deletes all events that are left; does not close their descriptors.
  /// \libevent{event.c,event_base_free}
  ~event_base();

  event_base(const event_base&) = delete;
  event_base& operator=(const event_base&) = delete;

  /// Runs until no event is left.
  /// \throws std::logic_error in a callback: a loop runs once.
  /// \throws std::system_error when the backend cannot wait.
  /// \libevent{event.c,event_base_dispatch}
  loop_result dispatch();

  /// The name of the backend.
  /// \libevent{event.c,event_base_get_method}
  const char* method() const noexcept { return evsel_->name(); }

 private:
  friend class event;
  class run;

  void add(event& ev);  // for event::add()
  void del(event& ev) noexcept;  // takes it off all structures that it is on
  inline void watch(event& ev);  // puts it on the map by its number
  inline void unwatch(event& ev) noexcept;  // takes it off the map

  bool haveevents() const noexcept;  // whether there is a reason to go on
  // For how long to sleep; nothing: for ever.
  std::optional<std::chrono::nanoseconds> timeout_next() const noexcept;
  inline void activate(const ready& r);  // makes due the events on it
  inline void activate(event& ev, what res);  // the event is due, for that too
  void process_active();  // calls the events that are due
  inline void call(event& ev);  // calls its callback
  inline void mark(event& ev, evlist state) noexcept;  // counts the event
  inline void unmark(event& ev, evlist state) noexcept;  // the reverse

  std::unique_ptr<eventop> evsel_;  // the backend
  fd_table<event*> by_fd_;  // the event on a descriptor, or null
  active_queues activequeues_;  // the events that are due
  std::size_t event_count_ = 0;  // the events that wait for something
  bool running_loop_ = false;  // a run is in progress
};

}  // namespace evolve
