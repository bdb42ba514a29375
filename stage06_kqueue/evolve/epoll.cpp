#ifdef __linux__

#include "evolve/epoll.h"

#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "evolve/fail.h"

// Null where the C library does not have it. An older one's header does not
// declare it.
extern "C" [[gnu::weak]] int epoll_pwait2(int, epoll_event*, int,
                                          const timespec*, const sigset_t*);

namespace evolve {
namespace {

constexpr std::size_t first_events = 256;

// What the timer reports: descriptor 0, of the last generation there is.
constexpr std::uint64_t timer_key = ~std::uint64_t{0} << 32;

// How long an edge may have to wait where ghosts cannot be got rid of.
constexpr duration edge_pause = std::chrono::milliseconds(10);

// Between the loop's look at the clock and ours.
constexpr duration slack = std::chrono::microseconds(1);

std::uint32_t to_epoll(what events) noexcept {
  return (any(events & what::read) ? EPOLLIN : 0u) |
         (any(events & what::write) ? EPOLLOUT : 0u) |
         (any(events & what::closed) ? EPOLLRDHUP : 0u) |
         (any(events & what::et) ? EPOLLET : 0u);
}

// So what epoll is asked for can be asked of poll(); the bit for edges is in the
// upper half, and falls away.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT &&
              EPOLLRDHUP == POLLRDHUP);

what from_epoll(std::uint32_t bits) noexcept {
  if (bits & (EPOLLERR | EPOLLHUP)) return any_io;
  return (bits & EPOLLIN ? what::read : what::none) |
         (bits & EPOLLOUT ? what::write : what::none) |
         (bits & EPOLLRDHUP ? what::closed : what::none);
}

unique_fd make_epoll() {
  return unique_fd(::epoll_create1(EPOLL_CLOEXEC));
}

}  // namespace

epoll::epoll() : epoll_(make_epoll()), events_(first_events) {
  if (!epoll_) fail(errno, "epoll_create1");
  views_.grow(0);  // what the timer reports looks like an old report of 0
  make_room();
}

void epoll::add(int fd, what old, what now) {
  reserve(fd);
  const int error = apply(fd, old, now);
  if (error != 0) fail(error, "cannot watch descriptor " + std::to_string(fd));
}

void epoll::del(int fd, what old, what now) noexcept {
  if (!watches(fd)) return;
  if (const int error = apply(fd, old, now)) lose(fd, error);
}

// What the kernel knows is only what we think that it knows: the descriptor may
// have been closed, and be another file's or a duplicate's by now.
int epoll::apply(int fd, what old, what now) noexcept {
  view& v = views_[fd];
  if (!any(now)) {
    v.now = what::none;
    control(EPOLL_CTL_DEL, fd, now);
    ++v.generation;  // no report of it is taken any more
    return 0;  // gone, whatever the kernel says
  }
  int error = control(any(old) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, now);
  if (error == ENOENT) error = control(EPOLL_CTL_ADD, fd, now);
  if (error == EEXIST) error = control(EPOLL_CTL_MOD, fd, now);
  if (error != 0) return error;
  v.now = now;
  // It is watched again, so its loss need not be told any more.
  lost_ -= std::exchange(v.error, std::uint16_t{0}) != 0;
  return 0;
}

int epoll::control(int op, int fd, what now) noexcept {
  view& v = views_[fd];
  if (op == EPOLL_CTL_ADD) ++v.generation;
  epoll_event e{};
  e.events = to_epoll(now);
  e.data.u64 = std::uint64_t{v.generation} << 32 | static_cast<unsigned>(fd);
  return ::epoll_ctl(epoll_.get(), op, fd, &e) == 0 ? 0 : errno;
}

// Whatever needs memory comes before the wait: afterwards, what the kernel has
// found would be lost with the exception.
void epoll::make_room() {
  const std::size_t size = full_ ? 2 * events_.size() : events_.size();
  ready_.reserve(size + lost_);
  events_.resize(size);
  full_ = false;
}

void epoll::wait(std::optional<std::chrono::nanoseconds> timeout) {
  if (urgent_) timeout = duration::zero();
  if (haunted_) {
    count_ = wait_beside_ghosts(timeout);
  } else if (timeout &&
             *timeout % std::chrono::milliseconds(1) != duration::zero()) {
    count_ = wait_precisely(*timeout);
  } else {
    count_ =
        ::epoll_wait(epoll_.get(), events_.data(),
                     static_cast<int>(events_.size()), timeout_ms(timeout));
  }
  if (count_ < 0 && errno != EINTR) fail(errno, "epoll_wait");
}

// An old kernel does not have the system call, a sandbox may forbid it. Not
// noexcept, like all that waits: a thread may be cancelled in a wait.
int epoll::wait_precisely(duration timeout) {
  const auto size = static_cast<int>(events_.size());
  if (has_pwait2_ && ::epoll_pwait2) {
    const timespec spec = to_timespec(timeout);
    const int found =
        ::epoll_pwait2(epoll_.get(), events_.data(), size, &spec, nullptr);
    if (found >= 0 || errno == EINTR || errno == EBADF) return found;
    // There is no such call, or it is forbidden. If there is more to it, the
    // other call will say so.
    has_pwait2_ = false;
  }
  arm(timeout);
  return ::epoll_wait(epoll_.get(), events_.data(), size, timeout_ms(timeout));
}

// The timer is never read: it is edge-triggered, and tells of itself each time
// that it goes off. It is set only when the end of the wait has changed.
void epoll::arm(duration timeout) noexcept {
  if (!timer_) watch_timer();
  const time_point now = clock::now();
  const time_point due = after(now, timeout);
  if (armed_ > now && armed_ <= due && due - armed_ <= slack) return;
  const itimerspec spec{{}, to_timespec(due.time_since_epoch())};
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  armed_ = due;
}

// Without a timer the waits are rounded up to milliseconds.
void epoll::watch_timer() noexcept {
  if (!timer_) {
    timer_ = unique_fd(
        ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  }
  epoll_event e{EPOLLIN | EPOLLET, {.u64 = timer_key}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &e);
}

std::span<const ready> epoll::collect() {
  const auto found = static_cast<std::size_t>(std::max(count_, 0));
  found > 0 ? take_all(found) : ready_.clear();
  if (lost_ > 0) tell_lost();
  return ready_;
}

inline void epoll::take_all(std::size_t found) {
  ready_.resize(found);
  ready* free = ready_.data();
  int stale = 0;
  for (std::size_t at = 0; at < found; ++at) {
    const bool taken = take(events_[at], *free);
    free += taken;
    stale += !taken && events_[at].data.u64 != timer_key;
  }
  ready_.resize(static_cast<std::size_t>(free - ready_.data()));
  full_ = found == events_.size();
  if (stale > 0) ghosts_.appear(stale, count_, clock::now());
}

void epoll::tell_lost() {
  for (int fd = 0; lost_ > 0; ++fd) {
    view& v = views_[fd];
    if (v.error == 0) continue;
    ready_.push_back({fd, what::unwatched, v.error});
    v.error = 0;
    --lost_;
  }
}

// Whether it is of a registration that we know of. `r` says of which then.
inline bool epoll::take(const epoll_event& found, ready& r) const noexcept {
  const std::uint64_t key = found.data.u64;
  const int fd = static_cast<int>(key);  // its lower half
  // The upper half is the generation that it was registered with.
  if (views_[fd].generation != key >> 32) return false;
  r = {fd, from_epoll(found.events), 0};
  return true;
}

// The child may have closed what it had, and have other files by these numbers.
// Such a file is not ours to close.
void epoll::reinit() {
  const bool ours = is_ours();
  if (timer_ && probe(epoll_, timer_.get()) != EEXIST) (void)timer_.release();
  timer_ = unique_fd();  // it is the parent's
  armed_ = {};
  if (!rebuild(ours)) fail(errno, "epoll_create1");
}

bool epoll::is_ours() noexcept {
  for (int fd = 0; fd < views_.size(); ++fd) {
    if (!watches(fd)) continue;
    const int error = probe(epoll_, fd);
    if (error == EEXIST || error == 0) return error == EEXIST;
  }
  return timer_ && probe(epoll_, timer_.get()) == EEXIST;
}

// EEXIST if `in` knows `fd` already: then both are what they were. If it takes
// `fd`, one of them is not; then `fd` is deleted at once, and what it reports
// before that is for no event.
int epoll::probe(const unique_fd& in, int fd) noexcept {
  epoll_event e{0, {.u64 = timer_key}};
  if (::epoll_ctl(in.get(), EPOLL_CTL_ADD, fd, &e) != 0) return errno;
  ::epoll_ctl(in.get(), EPOLL_CTL_DEL, fd, &e);
  return 0;
}

void epoll::lose(int fd, int error) noexcept {
  view& v = views_[fd];
  apply(fd, v.now, what::none);
  lost_ += v.error == 0;
  v.error = static_cast<std::uint16_t>(error);
}

// Whether ghosts remain, and another epoll cannot be had.
bool epoll::settle_ghosts() {
  const time_point start = clock::now();
  if (ghosts_.reckon(start, views_.size())) {
    if (rebuild(true)) {  // a ghost has just reported
      ghosts_.vanish(clock::now() - start, views_.size());
    } else {
      ghosts_.remain(start);
    }
  }
  if (ghosts_.remained()) list_watched();
  return ghosts_.remained();
}

// poll() knows no ghosts, since it takes numbers. But what is edge-triggered and
// ready already, or has been closed, would end it at once: that is left out, and
// looked at again soon. So is all, where poll() takes no list of that length.
int epoll::wait_beside_ghosts(std::optional<duration> timeout) {
  duration longest = std::min(timeout.value_or(ghosts::pause), ghosts::pause);
  const bool taken = ::poll(polled_.data(), polled_.size(), 0) >= 0;
  if (!taken) polled_.clear();
  bool left_out = !taken;
  for (std::size_t at = 0; taken && at < polled_.size(); ++at) {
    const int ends_it = at < edges_ ? ~0 : POLLNVAL;
    if ((polled_[at].revents & ends_it) == 0) continue;
    polled_[at].fd = -1;
    left_out = true;
  }
  if (left_out) longest = std::min(longest, edge_pause);
  ::poll(polled_.data(), polled_.size(), timeout_ms(longest));
  return ::epoll_wait(epoll_.get(), events_.data(),
                      static_cast<int>(events_.size()), 0);
}

void epoll::list_watched() {
  polled_.clear();
  for (const bool edges : {true, false}) {
    for (int fd = 0; fd < views_.size(); ++fd) {
      const what now = views_[fd].now;
      if (!any(now) || any(now & what::et) != edges) continue;
      polled_.push_back({fd, static_cast<short>(to_epoll(now)), 0});
    }
    if (edges) edges_ = polled_.size();
  }
}

// Whether there was another epoll to be had; if not, the old one goes on. The
// number stays the same, since the program may have freed the other one's, and
// go on using it. What is not shown to be ours is left as it is.
bool epoll::rebuild(bool ours) {
  unique_fd fresh = make_epoll();
  if (!fresh) return false;
  if (!ours) (void)epoll_.release();
  if (!ours || ::dup3(fresh.get(), epoll_.get(), O_CLOEXEC) < 0) {
    epoll_ = std::move(fresh);
  }
  if (timer_) watch_timer();
  for (int fd = 0; fd < views_.size(); ++fd) {
    if (!watches(fd)) continue;
    const int error = control(EPOLL_CTL_ADD, fd, views_[fd].now);
    if (error != 0) lose(fd, error);
  }
  return true;
}

}  // namespace evolve

#endif
