#include "evolve/evsig.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

#include "evolve/event_base.h"
#include "evolve/fail.h"
#include "evolve/log.h"
#include "evolve/self_pipe.h"

namespace evolve {
namespace {

std::size_t index(int signo) noexcept {
  return static_cast<std::size_t>(signo);
}

}  // namespace

// What the handler leaves for one base. Only atomics, since it may run in any
// thread, between any two instructions.
struct mailbox {
  mailbox(event_base& base, std::atomic<bool>& sleeps)
      : asleep(sleeps),
        readable(base, pipe.read_end(), what::read | what::persist,
                 [this] { pipe.drain(); }) {}

  void deliver(int signo) noexcept {
    if (!wanted[index(signo)].load()) return;
    counts[index(signo)].fetch_add(1);
    pending.store(true);
    if (asleep.exchange(false)) pipe.write();
  }

  std::array<std::atomic<bool>, NSIG> wanted{};  // by signal: an event waits
  std::array<std::atomic<unsigned>, NSIG> counts{};  // by signal
  std::atomic<bool> pending{false};  // a count has grown
  std::atomic<bool>& asleep;  // a byte must wake the loop
  self_pipe pipe;  // for that byte
  event readable;  // the loop's side of it
  std::atomic<mailbox*> next{nullptr};  // another base's
};

static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<int>::is_always_lock_free);
static_assert(std::atomic<unsigned>::is_always_lock_free);
static_assert(std::atomic<mailbox*>::is_always_lock_free);

namespace {

// The process has one handler for each signal, and so one of these.
struct disposition {
  int bases = 0;  // how many of them wait for the signal
  struct sigaction previous;  // what the handler took the place of
};

std::mutex registry;  // for writers of what follows
std::array<disposition, NSIG> dispositions;
std::atomic<mailbox*> mailboxes{nullptr};
std::atomic<int> handlers_running{0};

void on_signal(int signo) {
  const int saved = errno;
  handlers_running.fetch_add(1);
  for (mailbox* box = mailboxes.load(); box; box = box->next.load()) {
    box->deliver(signo);
  }
  handlers_running.fetch_sub(1);
  errno = saved;
}

// All signals are blocked meanwhile: a handler of the program's may fork, and
// before_fork() must not wait for what its own thread holds.
sigset_t lock_registry() noexcept {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  registry.lock();
  return before;
}

void unlock_registry(sigset_t before) noexcept {
  registry.unlock();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

class registry_guard {
 public:
  registry_guard() noexcept : before_(lock_registry()) {}
  ~registry_guard() { unlock_registry(before_); }
  registry_guard(const registry_guard&) = delete;
  registry_guard& operator=(const registry_guard&) = delete;

 private:
  sigset_t before_;  // the thread's mask
};

sigset_t mask_at_fork;  // of the thread that forks; the registry guards it

void before_fork() noexcept {
  mask_at_fork = lock_registry();
}

void after_fork() noexcept {
  unlock_registry(mask_at_fork);
}

// The child has one thread. The others, which ran the handler or slept in their
// loops, have stayed behind, and the pipes are the parent's.
void after_fork_in_child() noexcept {
  handlers_running.store(0);
  for (mailbox* box = mailboxes.load(); box; box = box->next.load()) {
    box->asleep.store(false);
  }
  after_fork();
}

// Before main(): later, another thread might fork while it is being done.
const int fork_watch_error =
    ::pthread_atfork(before_fork, after_fork, after_fork_in_child);

void publish(mailbox& box) {
  const registry_guard guard;
  box.next.store(mailboxes.load());
  mailboxes.store(&box);
}

// A thread that enters the handler from now on does not meet the mailbox; one
// that is in it is waited for.
void withdraw(mailbox& box) {
  const registry_guard guard;
  std::atomic<mailbox*>* link = &mailboxes;
  while (link->load() != &box) link = &link->load()->next;
  link->store(box.next.load());
  while (handlers_running.load() > 0) std::this_thread::yield();
}

void install(int signo) {
  if (fork_watch_error != 0) fail(fork_watch_error, "pthread_atfork");
  const registry_guard guard;
  disposition& d = dispositions[index(signo)];
  if (d.bases == 0) {
    struct sigaction ours {};
    ours.sa_handler = on_signal;
    ours.sa_flags = SA_RESTART | SA_ONSTACK;
    sigfillset(&ours.sa_mask);
    if (::sigaction(signo, &ours, &d.previous) != 0) {
      fail(errno, "cannot catch signal " + std::to_string(signo));
    }
    // The program may have kept ours, and put it back after we had gone.
    if (d.previous.sa_handler == on_signal) d.previous.sa_handler = SIG_DFL;
  }
  ++d.bases;
}

// Whether the previous handler is back, or need not be yet.
bool restore(int signo) noexcept {
  const registry_guard guard;
  disposition& d = dispositions[index(signo)];
  if (--d.bases > 0) return true;
  struct sigaction current;
  ::sigaction(signo, nullptr, &current);
  if (current.sa_handler != on_signal) return false;
  return ::sigaction(signo, &d.previous, nullptr) == 0;
}

}  // namespace

evsig::evsig(event_base& base, std::atomic<bool>& asleep) noexcept
    : base_(base), asleep_(asleep) {}

evsig::~evsig() {
  if (caught_) withdraw(*caught_);
}

void evsig::add(event& ev) {
  list& events = reserve(ev.fd_);
  if (events.empty()) {
    if (!caught_) caught_ = open();
    std::atomic<bool>& wanted = caught_->wanted[index(ev.fd_)];
    caught_->counts[index(ev.fd_)].store(0);
    wanted.store(true);  // first, or what the handler gets at once is lost
    try {
      install(ev.fd_);
    } catch (...) {
      wanted.store(false);
      throw;
    }
  }
  events.push_back(ev);
}

void evsig::del(event& ev) noexcept {
  list& events = sigmap_[index(ev.fd_)];
  events.remove(ev);
  if (!events.empty()) return;
  caught_->wanted[index(ev.fd_)].store(false);
  if (restore(ev.fd_)) return;
  char text[128];
  std::snprintf(text, sizeof text,
                "signal %d: the handler from before is not restored, because "
                "another has been installed since",
                ev.fd_);
  log(severity::debug, text);
}

std::unique_ptr<mailbox> evsig::open() {
  auto box = std::make_unique<mailbox>(base_, asleep_);
  base_.add_internal(box->readable);
  publish(*box);
  return box;
}

evsig::list& evsig::reserve(int signo) {
  if (signo < 1 || signo >= NSIG) {
    fail(EINVAL, "there is no signal " + std::to_string(signo));
  }
  sigmap_.resize(std::max(sigmap_.size(), index(signo) + 1));
  return sigmap_[index(signo)];
}

bool evsig::pending() const noexcept {
  return caught_->pending.load();
}

bool evsig::reset() noexcept {
  return caught_->pending.exchange(false);
}

int evsig::take(int signo) noexcept {
  const unsigned count = caught_->counts[index(signo)].exchange(0);
  return static_cast<int>(std::min(count, unsigned{INT_MAX}));
}

}  // namespace evolve
