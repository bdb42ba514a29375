#include "evolve/kqueue.h"

#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>

#include "evolve/fail.h"
#include "evolve/fd.h"

namespace evolve {
namespace {

using entry = struct ::kevent;

constexpr std::size_t first_events = 64;

// Some kernels refuse to wait for years.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::hours(24);

#ifdef NOTE_EOF
constexpr unsigned note_eof = NOTE_EOF;  // OpenBSD: a file ends as elsewhere
#else
constexpr unsigned note_eof = 0;
#endif

// An event of the kqueue's own, that any thread may trigger.
#ifdef EVFILT_USER
constexpr bool has_user = true;
constexpr int user_filter = EVFILT_USER;
constexpr unsigned note_trigger = NOTE_TRIGGER;
#else
constexpr bool has_user = false;
constexpr int user_filter = EVFILT_SIGNAL;
constexpr unsigned note_trigger = 0;
#endif

// The number of entries is an int here, and a size_t there.
template <class Count>
Count count_type(int (*)(int, const entry*, Count, entry*, Count,
                         const timespec*));
using count = decltype(count_type(&::kevent));

// So are the types of an entry's members, and what they hold is the same.
template <class Member, class Value>
void set(Member& member, Value value) noexcept {
  member = static_cast<Member>(value);
}

entry make_entry(int ident, int filter, unsigned flags) noexcept {
  entry made{};
  set(made.ident, ident);
  set(made.filter, filter);
  set(made.flags, flags);
  return made;
}

// What comes back with an error does not say whether it was an addition.
decltype(entry::udata) mark_of_addition() noexcept {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a mark, which is never followed
  return reinterpret_cast<decltype(entry::udata)>(std::intptr_t{1});
}

constexpr timespec no_time{0, 0};

// How a filter is to watch for `events`; 0: not at all. An event for the peer's
// close alone must not be kept busy by data that is not read.
unsigned read_mode(what events) noexcept {
  if (!any(events & (what::read | what::closed))) return 0;
  const bool edges = any(events & what::et) || !any(events & what::read);
  return edges ? EV_ADD | EV_CLEAR : EV_ADD;
}

unsigned write_mode(what events) noexcept {
  if (!any(events & what::write)) return 0;
  return any(events & what::et) ? EV_ADD | EV_CLEAR : EV_ADD;
}

// An end with an error is the whole connection's.
what from_kevent(const entry& found) noexcept {
  const bool reads = found.filter == EVFILT_READ;
  what fired = reads ? what::read : what::write;
  if (!(found.flags & EV_EOF)) return fired;
  if (!reads || found.fflags != 0) return any_io;
  return fired | what::closed;
}

// See what it says to a descriptor that cannot be open.
bool tells_of_errors(int kq) noexcept {
  const entry bad = make_entry(-1, EVFILT_READ, EV_ADD);
  entry said{};
  const int got = ::kevent(kq, &bad, 1, &said, 1, &no_time);
  return got == 1 && (said.flags & EV_ERROR) != 0;
}

}  // namespace

kqueue::kqueue() : events_(first_events) {
  open();
}

kqueue::~kqueue() {
  if (::getpid() != owner_) (void)kq_.release();
}

// A kqueue that keeps errors to itself is of no use. The number of the one
// before may be another file's by now, or the new one's.
void kqueue::open() {
  unique_fd made(::kqueue());
  if (!made) fail(errno, "kqueue");
  ::fcntl(made.get(), F_SETFD, FD_CLOEXEC);
  if (!tells_of_errors(made.get())) {
    fail(ENOTSUP, "kqueue does not tell of errors");
  }
  const bool ours = owner_ == ::getpid() && kq_.get() != made.get();
  if (!ours || !tells_of_errors(kq_.get())) (void)kq_.release();
  kq_ = std::move(made);
  owner_ = ::getpid();
}

void kqueue::add(int fd, what old, what now) {
  if (!any(old) && !noted_.has(fd)) require_open(fd);
  view& v = views_.reserve(fd);
  noted_.reserve(fd, static_cast<std::size_t>(views_.size()));
  v.now = now;
  noted_.note(fd, old, now);
}

void kqueue::del(int fd, what old, what now) noexcept {
  if (!watches(fd) && !noted_.has(fd)) return;
  views_[fd].now = now;
  noted_.note(fd, old, now);
}

void kqueue::put(int fd, what old, what now, bool again) {
  change_filter(fd, EVFILT_READ, read_mode(old), read_mode(now), again);
  change_filter(fd, EVFILT_WRITE, write_mode(old), write_mode(now), again);
}

// To add a knote again does not change whether it is edge-triggered.
void kqueue::change_filter(int fd, short filter, unsigned old, unsigned now,
                           bool again) {
  if (old == now && !again) return;
  if (old != 0 && old != now) change(fd, filter, EV_DELETE);
  if (now != 0) change(fd, filter, now);
}

void kqueue::change(int fd, short filter, unsigned flags) {
  entry made = make_entry(fd, filter, flags);
  if (flags & EV_ADD) made.udata = mark_of_addition();
  if (filter == EVFILT_READ) set(made.fflags, note_eof);
  changes_.push_back(made);
}

// There is room for an error in answer to each change, and more. Whatever needs
// memory comes before the wait: what the kernel has told by then would be lost.
void kqueue::prepare() {
  const bool full = static_cast<std::size_t>(count_) == events_.size();
  const std::size_t noted = 4 * noted_.changes().size();  // four changes each
  const std::size_t room = changes_.size() + noted + first_events;
  events_.resize(std::max(room, full ? 2 * events_.size() : events_.size()));
  changes_.reserve(2 * events_.capacity());  // for collect(), and so for these
  ready_.reserve(lost_.size() + events_.capacity());
  for (const changelist::change& c : noted_.changes()) {
    put(c.fd, c.old, c.now, c.doubted || any(c.now & ~c.old));
  }
  noted_.clear();
}

// Errors come alone: what is ready is asked for after them.
void kqueue::wait(std::optional<std::chrono::nanoseconds> timeout) {
  if (!lost_.empty()) timeout = std::chrono::nanoseconds(0);
  const auto longest = std::min(timeout.value_or(longest_wait), longest_wait);
  const timespec spec = to_timespec(longest);
  count_ =
      ::kevent(kq_.get(), changes_.data(), static_cast<count>(changes_.size()),
               events_.data(), static_cast<count>(events_.size()),
               timeout ? &spec : nullptr);
  if (count_ < 0 && errno != EINTR) fail(errno, "kevent");
  if (count_ <= 0 || !(events_[0].flags & EV_ERROR)) return;
  const auto errors = static_cast<std::size_t>(count_);
  const int more =
      ::kevent(kq_.get(), nullptr, 0, events_.data() + errors,
               static_cast<count>(events_.size() - errors), &no_time);
  count_ += std::max(more, 0);
}

std::span<const ready> kqueue::collect() {
  ready_.clear();
  for (const ready& r : lost_) {
    if (!watches(r.fd)) ready_.push_back(r);
  }
  lost_.clear();
  changes_.clear();
  const auto found = static_cast<std::size_t>(std::max(count_, 0));
  for (std::size_t at = 0; at < found; ++at) report(events_[at]);
  return ready_;
}

void kqueue::report(const entry& found) {
  if (found.flags & EV_ERROR) return refuse(found);
  if (has_user && found.filter == user_filter) return;
  if (found.filter != EVFILT_SIGNAL) return report_io(found);
  const auto count = std::clamp<std::intmax_t>(found.data, 1, INT_MAX);
  ready_.push_back({static_cast<int>(found.ident), what::signal, 0,
                    static_cast<int>(count)});
}

// A descriptor that is ready for reading and for writing is found twice.
void kqueue::report_io(const entry& found) {
  const int fd = static_cast<int>(found.ident);
  view& v = views_[fd];
  if (!any(v.now) || noted_.ended(fd)) return;
  const what fired = from_kevent(found);
  if (v.place < ready_.size() && ready_[v.place].fd == fd &&
      any(ready_[v.place].fired & any_io)) {
    ready_[v.place].fired |= fired;
  } else {
    v.place = ready_.size();
    ready_.push_back({fd, fired, 0});
  }
  const bool reads = found.filter == EVFILT_READ;
  const unsigned mode = reads ? read_mode(v.now) : write_mode(v.now);
  const bool dropped = found.flags & EV_ONESHOT;  // by the kernel, unasked
  const bool closed = any(fired & what::closed) && !any(v.now & what::et);
  if (mode == 0) return;  // no condition is wanted any more
  if (dropped || (closed && reads)) {  // so that it is told of next time, too
    change(fd, reads ? EVFILT_READ : EVFILT_WRITE, mode);
  }
}

// What was to be deleted is gone in any case; what was to be added, but is
// wanted no more, as well.
void kqueue::refuse(const entry& refused) {
  const int fd = static_cast<int>(refused.ident);
  if (refused.data == 0 || refused.udata != mark_of_addition()) return;
  view& v = views_[fd];
  if (!any(v.now)) return;
  // Conditions that are not the same any more are asked for again.
  if (noted_.doubt(fd)) return;
  put(fd, v.now, what::none, false);  // the other filter may have been added
  v.now = what::none;
  ready_.push_back({fd, what::unwatched, static_cast<int>(refused.data)});
}

// Before another descriptor gets the number of one that is closed.
void kqueue::give_up_closed() {
  for (int fd = 0; fd < views_.size(); ++fd) {
    if (!watches(fd) || is_open(fd)) continue;
    lost_.push_back({fd, what::unwatched, EBADF});
    views_[fd].now = what::none;
  }
}

void kqueue::reinit() {
  give_up_closed();
  open();
  changes_.clear();
  noted_.clear();
  for (int fd = 0; fd < views_.size(); ++fd) {
    if (watches(fd)) noted_.note(fd, what::none, views_[fd].now);
  }
  for (std::size_t at = 0; at < signals_.size(); ++at) {
    if (signals_[at]) add_signal(static_cast<int>(at));
  }
  if (notifies_) add_notify();
}

// The kernel has to hear of a signal at once: it may come before the next wait.
void kqueue::submit(const entry& change) {
  if (::kevent(kq_.get(), &change, 1, nullptr, 0, &no_time) == 0) return;
  fail(errno, "kevent: filter " + std::to_string(change.filter) + " of " +
                  std::to_string(change.ident));
}

bool kqueue::add_signal(int signo) {
  const auto at = static_cast<std::size_t>(signo);
  if (at >= signals_.size()) signals_.resize(at + 1);
  submit(make_entry(signo, EVFILT_SIGNAL, EV_ADD | EV_CLEAR));
  signals_[at] = true;
  return true;
}

void kqueue::del_signal(int signo) noexcept {
  const entry change = make_entry(signo, EVFILT_SIGNAL, EV_DELETE);
  ::kevent(kq_.get(), &change, 1, nullptr, 0, &no_time);
  signals_[static_cast<std::size_t>(signo)] = false;
}

bool kqueue::add_notify() {
  if (!has_user) return false;
  submit(make_entry(0, user_filter, EV_ADD | EV_CLEAR));
  notifies_ = true;
  return true;
}

void kqueue::notify() noexcept {
  entry trigger = make_entry(0, user_filter, 0);
  set(trigger.fflags, note_trigger);
  ::kevent(kq_.get(), &trigger, 1, nullptr, 0, &no_time);
}

}  // namespace evolve

#endif
