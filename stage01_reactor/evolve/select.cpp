#include "evolve/select.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>

#include "evolve/fail.h"
#include "evolve/fd.h"

namespace evolve {
namespace {

constexpr std::size_t word_bits = sizeof(fd_mask) * CHAR_BIT;

fd_set* as_fd_set(auto& words) noexcept {
  return reinterpret_cast<fd_set*>(words.data());
}

}  // namespace

void select::add(int fd, what old, what now) {
  if (!any(old)) require_open(fd);
  const std::size_t words = static_cast<std::size_t>(fd) / word_bits + 1;
  for (bits& half : wanted_) {
    if (half.capacity() < words) half.reserve(2 * words);
  }
  for (bits& half : wanted_) {
    if (half.size() < words) half.resize(words);
  }
  set(fd, now);
  nfds_ = std::max(nfds_, fd + 1);
}

void select::del(int fd, what, what now) noexcept {
  if (fd < 0 || fd >= nfds_ || !wants(fd)) return;
  set(fd, now);
  while (nfds_ > 0 && !wants(nfds_ - 1)) --nfds_;
}

bool select::wants(int fd) const noexcept {
  const auto at = static_cast<std::size_t>(fd);
  const word both =
      wanted_[reading][at / word_bits] | wanted_[writing][at / word_bits];
  return (both >> at % word_bits & 1) != 0;
}

void select::set(int fd, what now) noexcept {
  const auto at = static_cast<std::size_t>(fd);
  const word bit = word{1} << at % word_bits;
  const auto put = [&](side which, what event) {
    word& target = wanted_[which][at / word_bits];
    target = any(now & event) ? target | bit : target & ~bit;
  };
  put(reading, what::read);
  put(writing, what::write);
}

void select::prepare() {
  asked_ = wanted_;
  asked_nfds_ = nfds_;
  ready_.reserve(static_cast<std::size_t>(nfds_));
}

void select::wait(std::optional<std::chrono::nanoseconds> timeout) {
  const int ms = timeout_ms(timeout);
  const long us = ms % 1000 * 1000L;
  timeval tv{ms / 1000, static_cast<suseconds_t>(us)};
  count_ =
      ::select(asked_nfds_, as_fd_set(asked_[reading]),
               as_fd_set(asked_[writing]), nullptr, ms < 0 ? nullptr : &tv);
  bad_ = count_ < 0 && errno == EBADF;
  if (count_ < 0 && errno != EINTR && errno != EBADF) fail(errno, "select");
}

std::span<const ready> select::collect() {
  ready_.clear();
  if (bad_) collect_bad();
  if (count_ > 0) collect_ready();
  return ready_;
}

void select::collect_ready() {
  for (std::size_t w = 0; w < asked_[reading].size(); ++w) {
    const word in = asked_[reading][w];
    const word out = asked_[writing][w];
    for (word both = in | out; both != 0; both &= both - 1) {
      const int bit = std::countr_zero(both);
      const int fd = static_cast<int>(w * word_bits) + bit;
      what fired = what::none;
      if (in >> bit & 1) fired |= what::read;
      if (out >> bit & 1) fired |= what::write;
      ready_.push_back({fd, fired, 0});
    }
  }
}

// The kernel does not say which one it is, so all are tried.
void select::collect_bad() {
  for (int fd = nfds_ - 1; fd >= 0; --fd) {
    if (!wants(fd) || is_open(fd)) continue;
    del(fd, what::none, what::none);
    ready_.push_back({fd, what::unwatched, EBADF});
  }
}

}  // namespace evolve
