#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <memory_resource>
#include <mutex>
#include <span>

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// A thing that can be watched.
struct thing {
  std::int16_t filter;
  std::uintptr_t ident;

  int number() const { return static_cast<int>(ident); }
  bool is_descriptor() const {
    return filter == EVFILT_READ || filter == EVFILT_WRITE;
  }
  bool is_signal() const {  // there are knotes for other numbers, too
    return filter == EVFILT_SIGNAL && ident >= 1 && ident < NSIG;
  }
  auto operator<=>(const thing&) const = default;
};

// How one queue watches one thing.
struct knote {
  mode_t type = 0;  // of the descriptor's file
  std::uint16_t flags = 0;  // of the first EV_ADD; the next ones leave them
  void* udata = nullptr;
  bool active = false;
  std::intptr_t count = 0;  // what has come of signals or triggers
};

int fail(int error) {
  errno = error;
  return -1;
}

mode_t type_of(int fd) {
  struct stat file {};
  ::fstat(fd, &file);
  return file.st_mode & S_IFMT;
}

int poll_now(int fd, int events) {
  pollfd asked{fd, static_cast<short>(events), 0};
  return ::poll(&asked, 1, 0) == 1 ? asked.revents & ~POLLNVAL : 0;
}

// How many connections wait at a listener; 1 if it is not TCP's, and so has no
// number to tell.
std::intptr_t backlog(int fd) {
  tcp_info info;
  socklen_t size = sizeof info;
  const bool told = ::getsockopt(fd, SOL_TCP, TCP_INFO, &info, &size) == 0;
  return told ? info.tcpi_unacked : 1;
}

// How many bytes can be read at once.
std::intptr_t unread(int fd) {
  int bytes;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : backlog(fd);
}

// To ask for a socket's error would take it away from the program.
void tell_of_end(int seen, const knote& note, struct kevent& event) {
  const bool error = seen & POLLERR;
  event.flags |= EV_EOF;
  if (note.type == S_IFSOCK && error) event.fflags = ECONNRESET;
  if (note.type == S_IFIFO && error) event.flags |= EV_ONESHOT;
}

bool look_at_descriptor(const thing& t, const knote& note,
                        struct kevent& event) {
  const int fd = t.number();
  const bool reads = t.filter == EVFILT_READ;
  const int ends = POLLHUP | (reads ? POLLRDHUP : POLLERR);
  const int seen = poll_now(fd, reads ? POLLIN | POLLRDHUP : POLLOUT);
  if (seen & ends) tell_of_end(seen, note, event);
  event.data = reads ? unread(fd) : 1;
  const bool file_at_end = note.type == S_IFREG && event.data <= 0;
  return seen != 0 && !file_at_end;  // poll() says yes to any file
}

// Whether there is an event to report; and which.
bool look(const thing& t, const knote& note, struct kevent& event) {
  if (t.is_descriptor()) return look_at_descriptor(t, note, event);
  if (t.filter == EVFILT_SIGNAL) event.data = note.count;
  return note.count > 0;
}

constexpr long second = 1'000'000'000;  // in nanoseconds

bool is_valid(const timespec& t) {
  return t.tv_sec >= 0 && t.tv_nsec >= 0 && t.tv_nsec < second;
}

steady_clock::time_point after(const timespec* timeout) {
  constexpr time_t decades = 1'000'000'000;  // or the sum might overflow
  if (!timeout) return steady_clock::time_point::max();
  const std::chrono::seconds whole(std::min(timeout->tv_sec, decades));
  return steady_clock::now() + whole + nanoseconds(timeout->tv_nsec);
}

timespec left_until(steady_clock::time_point until) {
  const nanoseconds left = std::max(until - steady_clock::now(), {});
  return {left.count() / second, left.count() % second};
}

sigset_t only(int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  return set;
}

// All queues of the process. It is done as in the BSDs: a knote that something
// happens to is *active*, and its queue's list has it. kevent() takes from the
// front of the list, looks whether there really is something to tell, and puts
// what is level-triggered back at the end. So a hint may be wrong, but none may
// be missed. Hints come from descriptors that all queues share: a queue that is
// closed leaves none open, since it had none beside its own.
class kernel {
 public:
  kernel() { open(); }

  // A queue is an epoll set, which can be told from whatever may get its number
  // when it is closed: `ready_` is in it, as something to wake, and all that
  // hints come from. So it is readable when kevent() has to look.
  int kqueue() {
    const std::lock_guard lock(mutex_);
    const int kq = ::epoll_create1(0);
    if (kq < 0) return -1;
    for (auto it = active_.begin(); it != active_.end();) {
      const int other = (it++)->first;
      if (!show(other)) drop(other);
    }
    epoll_event asleep{};
    if (::epoll_ctl(kq, EPOLL_CTL_ADD, ready_, &asleep) != 0) {
      open();  // the program has closed all descriptors that it could find
      ::epoll_ctl(kq, EPOLL_CTL_ADD, ready_, &asleep);
    }
    for (const int hints : {readers_, writers_, signals_}) watch(kq, hints);
    active_[kq];
    return kq;
  }

  int kevent(int kq, std::span<const struct kevent> changes,
             std::span<struct kevent> events, const timespec* timeout) {
    std::unique_lock lock(mutex_);
    if (!is_open(kq)) return fail(EBADF);
    const int errors = apply(kq, changes, events);
    if (errors != 0 || events.empty()) return errors;
    if (timeout && !is_valid(*timeout)) return fail(EINVAL);
    const steady_clock::time_point until = after(timeout);
    while (true) {
      listen();
      const int found = scan(kq, events);
      if (found > 0 || until <= steady_clock::now()) return found;
      lock.unlock();
      if (wait(kq, left_until(until)) < 0) return -1;
      lock.lock();
      if (!is_open(kq)) return fail(EBADF);
    }
  }

  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }

  // A child has none of its parent's queues; and what both would share, the
  // parent is still to have for itself.
  void after_fork_in_child() {
    for (const auto& [kq, active] : active_) {
      if (show(kq)) ::close(kq);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &blocked_, nullptr);
    watched_.clear();
    active_.clear();
    open_anew();
    mutex_.unlock();
  }

  // Without a queue there is nothing else that both would share.
  void after_early_fork_in_child() {
    if (active_.empty()) open_anew();
  }

 private:
  void open() {
    sigemptyset(&heard_);
    sigemptyset(&blocked_);
    readers_ = ::epoll_create1(EPOLL_CLOEXEC);
    writers_ = ::epoll_create1(EPOLL_CLOEXEC);
    signals_ = ::signalfd(-1, &heard_, SFD_CLOEXEC | SFD_NONBLOCK);
    ready_ = ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  }

  void open_anew() {
    for (const int fd : {readers_, writers_, signals_, ready_}) ::close(fd);
    open();
  }

  static void watch(int kq, int hints) {
    epoll_event readable{};
    readable.events = EPOLLIN;
    ::epoll_ctl(kq, EPOLL_CTL_ADD, hints, &readable);
  }

  bool is_open(int kq) { return active_.contains(kq) && show(kq); }

  // Keeps the queue awake as long as knotes are active. Says whether it is one.
  bool show(int kq) {
    epoll_event wanted{};
    if (!active_[kq].empty()) wanted.events = EPOLLIN;
    return ::epoll_ctl(kq, EPOLL_CTL_MOD, ready_, &wanted) == 0;
  }

  void drop(int kq) {
    for (auto it = watched_.begin(); it != watched_.end();) {
      const thing t = (it++)->first;
      erase(t, kq);
      leave(t);
    }
    active_.erase(kq);
  }

  // Returns how many have failed; or -1 if there is no room to tell. Both lists
  // may be one: there are never more errors than changes that are done with.
  int apply(int kq, std::span<const struct kevent> changes,
            std::span<struct kevent> events) {
    std::size_t errors = 0;
    for (const struct kevent& wanted : changes) {
      const int error = change(kq, wanted);
      if (error == 0) continue;
      if (errors == events.size()) return fail(error);
      events[errors] = wanted;
      events[errors].flags = EV_ERROR;
      events[errors].data = error;
      ++errors;
    }
    return static_cast<int>(errors);
  }

  int change(int kq, const struct kevent& wanted) {
    const thing t{wanted.filter, wanted.ident};
    int error = check(t);
    if (error != 0) return error;
    if (!find(t, kq)) {
      error = wanted.flags & EV_ADD ? add(t, kq, wanted.flags) : ENOENT;
    } else if (wanted.flags & EV_DELETE) {
      erase(t, kq);
    }
    if (knote* const note = find(t, kq)) {
      note->udata = wanted.udata;
      if (wanted.fflags & NOTE_TRIGGER) note->count = 1;
      activate(t, kq, *note);
    }
    leave(t);
    return error;
  }

  // Whether there can be a knote of `t`. Those of a closed descriptor go.
  int check(const thing& t) {
    if (t.is_descriptor()) return hear(t);
    const bool known = t.filter == EVFILT_USER || t.filter == EVFILT_SIGNAL;
    return known ? 0 : EINVAL;
  }

  // Has epoll tell of a descriptor, which it knows by number *and* open file.
  // So if epoll takes one that it should have had, then the number was closed,
  // and has another file now; a copy of the old one may be open elsewhere.
  int hear(const thing& t) {
    if (t.ident > INT_MAX) return EBADF;
    epoll_event wanted{};
    wanted.events = EPOLLET | (t.filter == EVFILT_READ ? EPOLLIN : EPOLLOUT);
    wanted.data.fd = t.number();
    const int ear = ear_of(t.filter);
    const int taken = ::epoll_ctl(ear, EPOLL_CTL_ADD, t.number(), &wanted);
    const int error = taken == 0 ? 0 : errno;
    if (error == EEXIST) return 0;
    const bool file = error == EPERM;  // epoll does not take it; poll() does
    if (!file || !is_as_added(t)) forget(t);
    return file ? 0 : error;
  }

  // As far as can be told of a file that epoll does not take.
  bool is_as_added(const thing& t) {
    const auto known = watched_.find(t);
    return known != watched_.end() &&
           known->second.begin()->second.type == type_of(t.number());
  }

  int add(const thing& t, int kq, int flags) {
    const mode_t type = t.is_descriptor() ? type_of(t.number()) : 0;
    // FreeBSD's way. Others say EBADF, or take it and tell of EV_EOF.
    if (t.filter == EVFILT_WRITE && type == S_IFIFO &&
        poll_now(t.number(), POLLOUT) & POLLERR) {
      return EPIPE;
    }
    if (t.filter == EVFILT_SIGNAL) {
      flags |= EV_CLEAR;
      if (t.is_signal() && !watched_.contains(t)) block(t.number());
    }
    flags &= EV_CLEAR | EV_ONESHOT;
    watched_[t][kq] = {.type = type,
                       .flags = static_cast<std::uint16_t>(flags)};
    return 0;
  }

  knote* find(const thing& t, int kq) {
    const auto known = watched_.find(t);
    if (known == watched_.end()) return nullptr;
    const auto note = known->second.find(kq);
    return note == known->second.end() ? nullptr : &note->second;
  }

  void activate(const thing& t, int kq, knote& note) {
    if (note.active) return;
    note.active = true;
    active_[kq].push_back(t);
    show(kq);
  }

  // Activates `t` on all queues.
  void activate(const thing& t) {
    const auto known = watched_.find(t);
    if (known == watched_.end()) return;
    for (auto& [kq, note] : known->second) {
      ++note.count;
      activate(t, kq, note);
    }
  }

  void erase(const thing& t, int kq) {
    const knote* const note = find(t, kq);
    if (!note) return;
    if (note->active) std::erase(active_[kq], t);
    watched_[t].erase(kq);
    if (watched_[t].empty()) watched_.erase(t);
  }

  void forget(const thing& t) {
    while (watched_.contains(t)) erase(t, watched_[t].begin()->first);
  }

  // Stops hearing of a thing that is not watched.
  void leave(const thing& t) {
    if (watched_.contains(t)) return;
    if (t.is_descriptor()) {
      ::epoll_ctl(ear_of(t.filter), EPOLL_CTL_DEL, t.number(), nullptr);
    } else if (t.is_signal() && sigismember(&heard_, t.number())) {
      unblock(t.number());
    }
  }

  // While a signal is blocked it waits to be read, even if it is ignored.
  void block(int signo) {
    const sigset_t one = only(signo);
    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, &one, &before);
    if (!sigismember(&before, signo)) sigaddset(&blocked_, signo);
    sigaddset(&heard_, signo);
    ::signalfd(signals_, &heard_, 0);
  }

  // What has come before is not for the handler that is there now.
  void unblock(int signo) {
    listen_to_signals();
    sigdelset(&heard_, signo);
    ::signalfd(signals_, &heard_, 0);
    const sigset_t one = only(signo);
    const bool blocked = sigismember(&blocked_, signo);
    if (blocked) ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    sigdelset(&blocked_, signo);
  }

  void listen() {
    listen_to_descriptors(EVFILT_READ);
    listen_to_descriptors(EVFILT_WRITE);
    listen_to_signals();
  }

  void listen_to_descriptors(std::int16_t filter) {
    std::array<epoll_event, 64> heard;
    constexpr int size = static_cast<int>(heard.size());
    int n;
    do {
      n = ::epoll_wait(ear_of(filter), heard.data(), size, 0);
      std::for_each_n(heard.begin(), std::max(n, 0), [&](const auto& event) {
        activate({filter, static_cast<std::uintptr_t>(event.data.fd)});
      });
    } while (n == size);
  }

  void listen_to_signals() {
    signalfd_siginfo heard;
    while (::read(signals_, &heard, sizeof heard) == sizeof heard) {
      activate({EVFILT_SIGNAL, heard.ssi_signo});
    }
  }

  int scan(int kq, std::span<struct kevent> events) {
    std::pmr::list<thing>& active = active_[kq];
    std::size_t found = 0;
    for (auto n = active.size(); n > 0 && found < events.size(); --n) {
      const thing t = active.front();
      active.pop_front();
      find(t, kq)->active = false;
      if (deliver(t, kq, events[found])) ++found;
      leave(t);
    }
    show(kq);
    return static_cast<int>(found);
  }

  bool deliver(const thing& t, int kq, struct kevent& event) {
    check(t);
    knote* const note = find(t, kq);
    if (!note) return false;
    event = {t.ident, t.filter, note->flags, 0, 0, note->udata};
    if (!look(t, *note, event)) return false;
    if (event.flags & EV_ONESHOT) {
      erase(t, kq);
    } else if (note->flags & EV_CLEAR) {
      note->count = 0;
    } else {
      activate(t, kq, *note);
    }
    return true;
  }

  static int wait(int kq, timespec timeout) {
    pollfd heard{kq, POLLIN, 0};
    return ::ppoll(&heard, 1, &timeout, nullptr);
  }

  int ear_of(std::int16_t filter) const {
    return filter == EVFILT_READ ? readers_ : writers_;
  }

  std::mutex mutex_;  // for all but the wait
  int readers_;  // an epoll set, of what EVFILT_READ watches
  int writers_;  // of EVFILT_WRITE: in one set, each would activate the other
  int signals_;  // a signalfd
  int ready_;  // an eventfd, always readable
  sigset_t heard_;  // the signals that are watched
  sigset_t blocked_;  // those of them that were not blocked before

  // A pool, so that tests that count allocations do not count a kernel's.
  std::pmr::unsynchronized_pool_resource memory_;
  std::pmr::map<thing, std::pmr::map<int, knote>> watched_{&memory_};  // by kq
  std::pmr::map<int, std::pmr::list<thing>> active_{&memory_};  // by queue
};

kernel the_kernel;

// For a fork before there is any queue.
[[maybe_unused]] const int early_forks = ::pthread_atfork(
    nullptr, nullptr, [] { the_kernel.after_early_fork_in_child(); });

std::size_t size_of(int n) {
  return static_cast<std::size_t>(std::max(n, 0));
}

}  // namespace

// The handlers for a fork are the last ones in the child, and so they are set
// up last: a handler of the program's may restore the signal mask, which shows
// signals of the parent's queues as blocked.
int kqueue(void) {
  [[maybe_unused]] static const int forks = ::pthread_atfork(
      [] { the_kernel.before_fork(); }, [] { the_kernel.after_fork(); },
      [] { the_kernel.after_fork_in_child(); });
  return the_kernel.kqueue();
}

decltype(kqueue_on_epoll_hook) kqueue_on_epoll_hook = nullptr;

int kevent(int kq, const struct kevent* changelist, int nchanges,
           struct kevent* eventlist, int nevents,
           const struct timespec* timeout) {
  if (kqueue_on_epoll_hook) {
    return kqueue_on_epoll_hook(kq, changelist, nchanges, eventlist, nevents,
                                timeout);
  }
  return the_kernel.kevent(kq, {changelist, size_of(nchanges)},
                           {eventlist, size_of(nevents)}, timeout);
}
