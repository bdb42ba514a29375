/// \file
/// The backend on kqueue(2).
#pragma once

#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)

#include <sys/types.h>
// Not all systems have it include what it needs.
#include <sys/event.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <vector>

#include "evolve/changelist.h"
#include "evolve/eventop.h"
#include "evolve/fd_table.h"
#include "evolve/unique_fd.h"

namespace evolve {

/// Waits with kqueue(2), which takes changes and gives events in one call: what
/// has been added and deleted since the last wait goes along with the next.
///
/// So add() cannot know what the kernel will say. It makes sure that the
/// descriptor is open; what is refused all the same is reported by collect().
/// Until then the changes are merged, as changelist says.
///
/// The kernel keeps a *knote* for each pair of a descriptor and a filter, and
/// drops it when the descriptor is closed. It can watch for signals too, beside
/// any handler; how often one has come may be less than it was sent.
///
/// **Fork.** A child does not have its parent's kqueue. It must call reinit()
/// before it does anything else.
///
/// \libevent{kqueue.c,kqops}
class kqueue final : public eventop {
 public:
  /// \throws std::system_error when there is no kqueue to be had, or one that
  ///     does not work.
  kqueue();

  /// Closes the kqueue, if this is the process that opened it.
  ~kqueue() override;

  const char* name() const noexcept override { return "kqueue"; }
  feature features() const noexcept override {
    return feature::et | feature::o1 | feature::fds | feature::early_close;
  }
  void add(int fd, what old, what now) override;
  void del(int fd, what old, what now) noexcept override;
  void prepare() override;
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  std::span<const ready> collect() override;
  void reinit() override;
  int backend_fd() override { return kq_.get(); }
  bool add_signal(int signo) override;
  void del_signal(int signo) noexcept override;
  bool add_notify() override;
  void notify() noexcept override;

 private:
  using entry = struct ::kevent;  // a change, or what was found

  // What is wanted of a descriptor, and where it was reported last.
  struct view {
    what now = what::none;  // the conditions wanted
    std::size_t place = 0;  // in ready_
  };

  void open();
  void give_up_closed();
  void put(int fd, what old, what now, bool again);  // on both filters
  void change_filter(int fd, short filter, unsigned old, unsigned now,
                     bool again);
  void change(int fd, short filter, unsigned flags);  // one entry
  void submit(const entry& change);
  // Whether any condition is wanted.
  bool watches(int fd) const noexcept {
    return views_.has(fd) && any(views_[fd].now);
  }
  void report(const entry& found);  // signal, descriptor or error
  void report_io(const entry& found);
  void refuse(const entry& refused);

  unique_fd kq_;  // where the knotes are
  pid_t owner_ = 0;  // the process that has opened it
  fd_table<view> views_;  // by descriptor
  changelist noted_;  // what has changed since the last wait
  std::vector<entry> changes_;  // what the kernel is told of that
  std::vector<entry> events_;  // what the kernel has found
  int count_ = 0;  // how many entries that is
  bool notifies_ = false;  // notify() ends a wait
  std::vector<ready> lost_;  // what the process has no more
  std::vector<bool> signals_;  // those that are watched, by number
  std::vector<ready> ready_;  // what collect() returned
};

}  // namespace evolve

#endif
