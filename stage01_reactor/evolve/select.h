/// \file
/// The backend on select(2).
#pragma once

#include <sys/select.h>

#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "evolve/eventop.h"

namespace evolve {

/// Waits with select(2): two sets of bits, one for reading and one for
/// writing, that the kernel overwrites with its answer.
///
/// `fd_set` ends at FD_SETSIZE, 1024 as a rule. The kernel does not: it reads
/// as many words as it is told. So the sets here are vectors of words, and
/// grow.
///
/// What an error or a hangup is, says the system. On Linux an error is readable
/// and writable, and a hangup only readable: an event that waits only to write
/// hears of it when there is room, or never.
///
/// \libevent{select.c,selectops}
class select final : public eventop {
 public:
  const char* name() const noexcept override { return "select"; }
  void add(int fd, what old, what now) override;
  void del(int fd, what old, what now) noexcept override;
  void prepare() override;
  void wait(std::optional<std::chrono::nanoseconds> timeout) override;
  std::span<const ready> collect() override;

 private:
  using word = std::make_unsigned_t<fd_mask>;  // what an fd_set is made of
  using bits = std::vector<word>;  // one for each descriptor
  // Which of two sets.
  enum side : std::size_t { reading, writing };

  bool wants(int fd) const noexcept;  // whether it is in wanted_
  void set(int fd, what now) noexcept;  // its bits in wanted_
  void collect_ready();  // descriptors whose bits the kernel left
  void collect_bad();

  std::array<bits, 2> wanted_;  // what add() and del() have made of it
  std::array<bits, 2> asked_;  // the copy that the kernel overwrites
  int nfds_ = 0;  // one more than the greatest descriptor
  int asked_nfds_ = 0;  // the same when asked_ was copied
  int count_ = 0;  // how many bits the kernel left
  bool bad_ = false;  // the kernel says that a descriptor is closed
  std::vector<ready> ready_;  // what collect() returned
};

}  // namespace evolve
