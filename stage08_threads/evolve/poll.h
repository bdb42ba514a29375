/// \file
/// The backend on poll(2).
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evolve/eventop.h"
#include "evolve/fd_table.h"

namespace evolve {

/// Waits with poll(2): the whole list of descriptors goes to the kernel, and is
/// walked there and here, in every turn.
///
/// Some systems, Linux among them, take no longer a list than the process may
/// have descriptors: where that limit has been lowered below what is watched,
/// wait() throws with EINVAL. select(2) has no such rule.
///
/// \libevent{poll.c,pollops}
class poll final : public eventop {
 public:
  const char* name() const noexcept override { return "poll"; }
  feature features() const noexcept override;
  void add(int fd, what old, what now) override;
  void del(int fd, what old, what now) noexcept override;
  void prepare() override;
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  std::span<const ready> collect() override;

 private:
  pollfd* find(int fd) noexcept;  // where in set_ it is, or null
  void drop(pollfd& gone) noexcept;

  std::vector<pollfd> set_;  // what is wanted, without gaps
  fd_table<std::size_t> idxplus1_;  // its place in set_, counted from 1; or 0
  fd_table<std::uint64_t> added_;  // in which turn a descriptor was added
  std::uint64_t turn_ = 0;  // how often set_ has been copied
  bool changed_ = false;  // set_ is no longer what polled_ is a copy of
  std::vector<pollfd> polled_;  // what the kernel is asked, and has answered
  int count_ = 0;  // in how many places it has answered
  std::vector<ready> ready_;  // what collect() returned
};

}  // namespace evolve
