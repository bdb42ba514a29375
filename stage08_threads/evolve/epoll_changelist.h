/// \file
/// The backend on epoll(7) that merges changes.
#pragma once

#ifdef __linux__

#include "evolve/changelist.h"
#include "evolve/epoll.h"

namespace evolve {

/// Waits with epoll(7), and tells the kernel of changes before it waits, merged
/// as changelist says; at once where there is no room for more.
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
  void overflow() noexcept;
  void tell() noexcept;  // the kernel, of what is noted
  void drop_outdated() noexcept override;

  changelist noted_;  // what the kernel has not been told yet
  std::size_t room_ = 0;  // for how many changes there has to be room
};

}  // namespace evolve

#endif
