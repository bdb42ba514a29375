/// \file
/// The floor: a loop on epoll with the least state that does what the
/// application sees. It is a limit and no library: one event on a descriptor,
/// no priorities, no queue of what is due.
///
/// - Interest changes when the loop waits: what was undone before costs no
///   system call. FLOOR_INTEREST says otherwise: `eager` tells the kernel at
///   once; `keeping` leaves a descriptor with the kernel until it is ready in
///   vain, which takes an application that tells of each close().
/// - Timers are in one wheel of 65.5 s, in lists of 1 ms. Moving one to later
///   only stores the deadline.
/// - Other threads write to an edge-triggered eventfd, which is never read, and
///   only if nothing is on its way and the loop sleeps or is about to.
/// - Signals are blocked, and read from a signalfd.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <atomic>
#include <csignal>
#include <mutex>

#include "bench.h"

namespace {

enum class interest { lazy, eager, keeping };
constexpr interest how = interest::FLOOR_INTEREST;

class adapter {
 public:
  using function = void (*)(void*);
  static constexpr bool reopens = true;

  struct io {
    function call;
    void* arg;
    int fd;
    bool want = false;
    bool have = false;
    bool dirty = false;
  };
  struct timer {
    timer* next;
    timer** back = nullptr;
    std::uint64_t deadline;
    std::uint64_t tick;
    function call;
    void* arg;
  };
  struct async {
    function call;
    void* arg;
    std::atomic<bool> sent{false};
  };
  struct signal {
    function call;
    void* arg;
    int signo;
    io ready;
  };

  explicit adapter(const bench::args&) {
    epoll_event e{};  // without a pointer: another thread
    e.events = EPOLLIN | EPOLLET;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &e);
  }

  template <auto F>
  void io_init(io& i, int fd, void* arg) {
    i = {F, arg, fd};
  }
  void io_start(io& i) { set(i, true); }
  void io_stop(io& i) { set(i, false); }

  template <auto F>
  void timer_init(timer& t, void* arg) {
    t.call = F;
    t.arg = arg;
  }
  void timer_start(timer& t, std::int64_t us) {
    if (timers_ == 0) {
      now_ = bench::now_ns();
      tick_ = now_ / tick_ns;
    }
    t.deadline = now_ + static_cast<std::uint64_t>(us) * 1000;
    const std::uint64_t tick = tick_of(t.deadline);
    if (t.back != nullptr) {
      if (tick >= t.tick) return;
      unlink(t);
    }
    link(t, tick);
  }
  void timer_stop(timer& t) {
    if (t.back != nullptr) unlink(t);
  }

  bool threads() const { return true; }
  template <auto F>
  void async_init(async& a, void* arg) {
    a.call = F;
    a.arg = arg;
    asyncs_.push_back(&a);
  }
  void async_send(async& a) {
    if (!a.sent.exchange(true)) wake();
  }
  void post(function called, void* arg) {
    bool first;
    {
      const std::lock_guard lock(mutex_);
      first = tasks_.empty();
      tasks_.push_back({called, arg});
    }
    if (first) wake();
  }

  template <auto F>
  void signal_init(signal& s, int signo, void* arg) {
    s.call = F;
    s.arg = arg;
    s.signo = signo;
  }
  void signal_start(signal& s) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, s.signo);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    io_init<on_signal>(s.ready, signalfd(-1, &set, SFD_NONBLOCK), &s);
    io_start(s.ready);
  }

  void poll() { turn(0); }
  void run() {
    for (stop_ = false; !stop_;) turn(timers_ != 0 ? wait_ms() : -1);
  }
  void stop() { stop_ = true; }

 private:
  static constexpr std::uint64_t slots = 65'536;
  static constexpr std::uint64_t tick_ns = 1'000'000;
  static constexpr std::uint64_t none = UINT64_MAX;

  struct task {
    function call;
    void* arg;
  };

  static void on_signal(void* arg) {
    auto* s = static_cast<signal*>(arg);
    signalfd_siginfo info;
    if (read(s->ready.fd, &info, sizeof info) > 0) s->call(s->arg);
  }

  void set(io& i, bool want) {
    i.want = want;
    if constexpr (how == interest::eager) {
      apply(i);
    } else if (!i.dirty) {
      i.dirty = true;
      dirty_.push_back(&i);
    }
  }

  void apply(io& i) {
    i.dirty = false;
    if (i.want == i.have) return;
    if (how == interest::keeping && !i.want) return;
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = &i;
    const int change = i.want ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    // What was closed before the change is told has left the set by itself.
    const bool failed = epoll_ctl(epoll_, change, i.fd, &e) != 0;
    if (failed && i.want) bench::die("epoll_ctl");
    i.have = i.want;
  }

  std::uint64_t tick_of(std::uint64_t deadline) const {
    return std::min((deadline + tick_ns - 1) / tick_ns, tick_ + slots - 1);
  }

  void link(timer& t, std::uint64_t tick) {
    timer*& head = slots_[tick % slots];
    t.tick = tick;
    t.next = head;
    t.back = &head;
    if (head != nullptr) head->back = &t.next;
    head = &t;
    next_ = std::min(next_, tick);
    ++timers_;
  }

  void unlink(timer& t) {
    *t.back = t.next;
    if (t.next != nullptr) t.next->back = t.back;
    t.back = nullptr;
    --timers_;
  }

  int wait_ms() const {
    if (next_ == none) return -1;
    const std::uint64_t due = next_ * tick_ns;
    return static_cast<int>((due - std::min(now_, due) + tick_ns - 1) /
                            tick_ns);
  }

  void expire() {
    const std::uint64_t last = now_ / tick_ns;
    if (last < next_) {
      tick_ = last;
      return;
    }
    for (tick_ = next_; tick_ <= last; ++tick_) expire_slot();
    tick_ = last;
    next_ = none;
    if (timers_ == 0) return;
    for (next_ = last + 1; slots_[next_ % slots] == nullptr;) ++next_;
  }

  void expire_slot() {
    timer* list = slots_[tick_ % slots];
    if (list == nullptr) return;
    slots_[tick_ % slots] = nullptr;
    list->back = &list;
    while (list != nullptr) {
      timer& t = *list;
      unlink(t);
      if (t.deadline > tick_ * tick_ns) {
        link(t, tick_of(t.deadline));
      } else {
        t.call(t.arg);
      }
    }
  }

  void wake() {
    attention_.store(true);
    if (!asleep_.load()) return;  // it looks before it sleeps
    const std::uint64_t one = 1;
    if (write(wake_, &one, sizeof one) != sizeof one) bench::die("eventfd");
  }

  void woken() {
    attention_.exchange(false);
    for (async* a : asyncs_) {
      if (a->sent.exchange(false)) a->call(a->arg);
    }
    {
      const std::lock_guard lock(mutex_);
      running_.swap(tasks_);
    }
    for (const task& each : running_) each.call(each.arg);
    running_.clear();
  }

  void turn(int ms) {
    if (!dirty_.empty()) {
      for (io* i : dirty_) apply(*i);
      dirty_.clear();
    }
    const int n = wait(ms);
    if (timers_ != 0) {
      now_ = bench::now_ns();
      expire();
    }
    for (int k = 0; k < n; ++k) {
      auto* i = static_cast<io*>(events_[k].data.ptr);
      if (i != nullptr) call(*i);
    }
  }

  int wait(int ms) {
    const bool shared = !asyncs_.empty();
    if (shared && ms != 0) {
      asleep_.exchange(true);
      if (attention_.load()) ms = 0;
    }
    const int n = epoll_wait(epoll_, events_, 1024, ms);
    if (shared) {
      asleep_.store(false, std::memory_order_release);
      if (attention_.load(std::memory_order_relaxed)) woken();
    }
    return n;
  }

  void call(io& i) {
    if (i.want) {
      i.call(i.arg);
    } else if (how == interest::keeping && i.have) {
      i.have = false;
      epoll_ctl(epoll_, EPOLL_CTL_DEL, i.fd, nullptr);
    }
  }

  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int wake_ = eventfd(0, EFD_NONBLOCK);
  bool stop_ = false;
  std::uint64_t now_ = 0;
  std::uint64_t tick_ = 0;
  std::uint64_t next_ = none;
  std::uint64_t timers_ = 0;
  std::vector<timer*> slots_ = std::vector<timer*>(slots);
  std::vector<io*> dirty_;
  std::vector<async*> asyncs_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> attention_{false};
  std::mutex mutex_;
  std::vector<task> tasks_;
  std::vector<task> running_;
  epoll_event events_[1024];
};

}  // namespace

#include "main.h"
