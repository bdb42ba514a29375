/// \file
/// The backend on epoll(7) that merges changes.
#pragma once

#ifdef __linux__

#include "evolve/changelist.h"
#include "evolve/epoll.h"

namespace evolve {

/// Waits with epoll(7), and tells the kernel of changes only before it waits,
/// merged as changelist says.
///
/// The first addition of a descriptor is told at once, so that its error is the
/// caller's. What the kernel refuses later is reported by collect().
///
/// A descriptor that is closed before its deletion has been told leaves nothing
/// behind, unless a duplicate is open; what then fires is found out as in
/// epoll.
///
/// \libevent{epoll.c,epollops_changelist}
class epoll_changelist final : public epoll {
 public:
  const char* name() const noexcept override {
    return "epoll (with changelist)";
  }
  void add(int fd, what old, what now) override;
  void del(int fd, what old, what now) noexcept override;
  void prepare() override;
  bool changes_at_once() const noexcept override { return false; }

 private:
  void add_first(int fd, what now);  // tells the kernel at once
  void drop_outdated() noexcept override;
  bool is_outdated(const ready& r) noexcept;

  changelist noted_;  // what has changed since the last wait
};

}  // namespace evolve

#endif
