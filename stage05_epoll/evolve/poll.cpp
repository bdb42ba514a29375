#include "evolve/poll.h"

#include <cerrno>

#include "evolve/fail.h"
#include "evolve/fd.h"

namespace evolve {
namespace {

#ifdef POLLRDHUP
constexpr int peer_closed = POLLRDHUP;
#else
constexpr int peer_closed = 0;  // not to be had on this system
#endif

short to_poll(what events) noexcept {
  int bits = 0;
  if (any(events & what::read)) bits |= POLLIN;
  if (any(events & what::write)) bits |= POLLOUT;
  if (any(events & what::closed)) bits |= peer_closed;
  return static_cast<short>(bits);
}

what from_poll(int bits) noexcept {
  if (bits & (POLLERR | POLLHUP)) return any_io;
  return (bits & POLLIN ? what::read : what::none) |
         (bits & POLLOUT ? what::write : what::none) |
         (bits & peer_closed ? what::closed : what::none);
}

}  // namespace

feature poll::features() const noexcept {
  return peer_closed ? feature::fds | feature::early_close : feature::fds;
}

pollfd* poll::find(int fd) noexcept {
  if (!idxplus1_.has(fd) || idxplus1_[fd] == 0) return nullptr;
  return &set_[idxplus1_[fd] - 1];
}

void poll::add(int fd, what, what now) {
  if (pollfd* known = find(fd)) {
    known->events = to_poll(now);
  } else {
    require_open(fd);
    std::size_t& place = idxplus1_.reserve(fd);
    set_.push_back({fd, to_poll(now), 0});
    place = set_.size();
  }
  changed_ = true;
}

void poll::del(int fd, what, what now) noexcept {
  pollfd* known = find(fd);
  if (!known) return;
  if (any(now)) {
    known->events = to_poll(now);
  } else {
    drop(*known);
  }
  changed_ = true;
}

// The last one moves into the gap: the order of a set means nothing.
void poll::drop(pollfd& gone) noexcept {
  idxplus1_[set_.back().fd] = idxplus1_[gone.fd];
  idxplus1_[gone.fd] = 0;
  gone = set_.back();
  set_.pop_back();
}

void poll::prepare() {
  if (!changed_) return;
  polled_ = set_;
  ready_.reserve(polled_.size());
  changed_ = false;
}

void poll::wait(std::optional<std::chrono::nanoseconds> timeout) {
  const auto size = static_cast<nfds_t>(polled_.size());
  count_ = ::poll(polled_.data(), size, timeout_ms(timeout));
  if (count_ < 0 && errno != EINTR) fail(errno, "poll");
}

std::span<const ready> poll::collect() {
  ready_.clear();
  for (const pollfd& p : polled_) {
    if (count_ <= 0) break;
    if (p.revents == 0) continue;
    --count_;
    const bool bad = p.revents & POLLNVAL;
    if (bad) del(p.fd, what::none, what::none);
    ready_.push_back(bad ? ready{p.fd, what::unwatched, EBADF}
                         : ready{p.fd, from_poll(p.revents), 0});
  }
  return ready_;
}

}  // namespace evolve
