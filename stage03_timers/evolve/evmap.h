/// \file
/// From a descriptor to the events that wait on it.
#pragma once

#include <cstdint>

#include "evolve/event.h"
#include "evolve/eventop.h"
#include "evolve/fd_table.h"

namespace evolve {

/// Maps a descriptor to its events, and tells the backend only what changes
/// for the kernel.
///
/// Ten events may read one descriptor: the kernel hears of the first that
/// comes and of the last that goes.
///
/// \libevent{evmap.c,event_io_map}
class evmap {
 public:
  /// The events on one descriptor, in the order in which they were added.
  using list = tailq<event, &event::io_next_>;

  /// Puts `ev` on the map, and tells `evsel` if it is the first of its kind.
  /// Requires that it is not on the map.
  /// \throws std::system_error from the backend; nothing has changed then.
  /// \libevent{evmap.c,evmap_io_add_}
  void add(eventop& evsel, event& ev);

  /// Takes `ev` off the map, and tells `evsel` if it was the last of its kind.
  /// Requires that it is on the map.
  /// \libevent{evmap.c,evmap_io_del_}
  void del(eventop& evsel, event& ev) noexcept;

  /// The events that wait on `fd`. Requires that `fd` has been on the map.
  /// \libevent{evmap.c,evmap_io_active_}
  const list& waiting_on(int fd) const noexcept { return io_[fd].events; }

  /// One more than the greatest descriptor that has been on the map.
  int size() const noexcept { return io_.size(); }

  /// \throws std::logic_error when the counts of a descriptor are not those of
  ///     its events.
  /// \libevent{evmap.c,evmap_check_integrity_}
  void self_check() const;

 private:
  /// \libevent{evmap.c,evmap_io}
  struct slot {
    list events;  // in the order of adding
    std::uint32_t nread = 0;  // how many of them wait to read
    std::uint32_t nwrite = 0;  // how many of them wait to write

    what wanted = what::none;  // what the backend watches for

    what counted() const noexcept;  // what it has to watch for
    void count(what waits, std::uint32_t by) noexcept;  // 1 or minus 1 more
  };

  fd_table<slot> io_;  // by descriptor
};

}  // namespace evolve
