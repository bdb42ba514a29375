/// \file
/// The backend on epoll(7).
#pragma once

#ifdef __linux__

#include <poll.h>
#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "evolve/clock.h"
#include "evolve/eventop.h"
#include "evolve/fd_table.h"
#include "evolve/ghosts.h"
#include "evolve/unique_fd.h"

namespace evolve {

/// Waits with epoll(7): the kernel remembers what is watched, and tells only
/// what is ready. A turn costs what happens in it, however much is watched.
///
/// What remembers can be wrong. The kernel remembers *files*, and the numbers
/// by which they were added; a number may be closed, and stand for another
/// file, unseen by the backend. So each registration carries its number and
/// a generation, and the backend keeps for each number what it has last asked
/// for. A registration that has outlived its descriptor, because a duplicate
/// is open or a child process has it, shows by its generation when it fires.
/// It cannot be deleted, since no number leads to it any more: such *ghosts* are
/// borne until they have cost as much as it costs to register everything anew
/// with another epoll and to close the old one. While there is no descriptor for
/// another one, a wait beside ghosts is left to poll(2); then an edge of what is
/// ready already, a wake-up by another thread for example, is told up to ten
/// milliseconds late.
///
/// **Fork.** The child shares the epoll with its parent, and must call reinit()
/// before it adds or deletes anything.
///
/// \libevent{epoll.c,epollops}
class epoll : public eventop {
 public:
  /// \throws std::system_error when there is no epoll to be had.
  epoll();

  const char* name() const noexcept override { return "epoll"; }
  feature features() const noexcept override {
    return feature::et | feature::o1 | feature::early_close;
  }
  void add(int fd, what old, what now) override;
  void del(int fd, what old, what now) noexcept override;
  void prepare() override {
    haunted_ = ghosts_.appeared() && settle_ghosts();
    urgent_ = lost_ > 0;
    if (urgent_ || full_) make_room();
  }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  std::span<const ready> collect() override;
  void reinit() override;

 protected:
  /// Whether the kernel was asked to watch `fd`.
  bool watches(int fd) const noexcept {
    return views_.has(fd) && any(views_[fd].now);
  }

  /// Has a place in the table for `fd`.
  /// \throws std::system_error with EBADF when `fd` is no open descriptor.
  void reserve(int fd) { views_.reserve(fd); }

  /// Tells the kernel that `fd` was watched for `old`, and is to be for `now`.
  /// Returns 0 or what the kernel had against it. Requires reserve().
  /// \libevent{epoll.c,epoll_apply_one_change}
  int apply(int fd, what old, what now) noexcept;

  /// `fd` may be another file's by now: what the kernel was told of it before
  /// the next apply() does not count any more.
  void doubt(int fd) noexcept;

  /// Watches `fd` no more, and has the next collect() say why, unless it is
  /// watched again by then.
  void lose(int fd, int error) noexcept;

 private:
  // What the kernel was last asked to remember of a descriptor.
  struct view {
    std::uint32_t generation = 0;  // what its registration carries
    what now = what::none;  // for which conditions
    std::uint16_t error = 0;  // why it is lost, until that is told
  };

  int control(int op, int fd, what now) noexcept;  // epoll_ctl(); 0 or errno
  void make_room();
  int wait_precisely(duration timeout);
  int wait_beside_ghosts(std::optional<duration> timeout);
  bool settle_ghosts();
  void list_watched();  // for poll()
  void arm(duration timeout) noexcept;
  void watch_timer() noexcept;
  inline void take_all(std::size_t found);  // of what the kernel has found
  inline bool take(const epoll_event& found, ready& r) const noexcept;
  void tell_lost();  // as far as there is room
  static int probe(const unique_fd& in, int fd) noexcept;
  bool is_ours() noexcept;  // the epoll, as far as can be shown
  bool rebuild(bool ours);

  unique_fd epoll_;  // where the kernel remembers
  fd_table<view> views_;  // by descriptor
  std::vector<epoll_event> events_;  // what the kernel has found
  int count_ = 0;  // how many reports that is
  bool full_ = false;  // there may be more reports
  std::size_t lost_ = 0;  // how many views have an error
  bool urgent_ = false;  // there was one before the wait
  ghosts ghosts_;  // what they have cost
  bool haunted_ = false;  // there are some, and no other epoll
  std::vector<pollfd> polled_;  // what is watched then, edges first
  std::size_t edges_ = 0;  // how many edges there are
  std::vector<ready> ready_;  // what collect() returned
  bool has_pwait2_ = true;  // as far as the backend knows
  unique_fd timer_;  // ends the waits where there is no epoll_pwait2()
  time_point armed_{};  // the time that it is set to
};

}  // namespace evolve

#endif
