#include "evolve/event_base.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "evolve/fd.h"
#include "evolve/log.h"

namespace evolve {
namespace {

constexpr int max_priorities = 256;

// What ends a turn, and what ends it for one queue.
constexpr request ends_turn = request::loopbreak | request::loopcontinue;
constexpr request ends_queue = ends_turn | request::preempt;

// How many entries that are too early are mended before a wait, at most. For
// one that is left over the wait may end too early: it is mended then.
constexpr int max_mends = 8;

// How many timers that are due leave the heap one by one before a sweep.
constexpr std::size_t few = 16;

// An event in one of these is waiting for something.
constexpr evlist added = evlist::inserted | evlist::timeout;

// What can be waited for by number: on a descriptor, or as a signal.
constexpr what any_number = any_io | what::signal;

}  // namespace

// The run of a loop, from its beginning to its end by whatever way.
class event_base::run {
 public:
  run(event_base& base, loop_flags flags) : base_(base) {
    if (base.running_loop_) {
      throw std::logic_error("event_base: the loop is running already");
    }
    base.running_loop_ = true;
    base.th_owner_id_ = std::this_thread::get_id();
    base.flags_ = flags;
  }
  ~run() {
    base_.running_loop_ = false;
    base_.flags_ = loop_flags::none;
    base_.running_priority_ = 0;
    base_.got_ = std::exchange(base_.requests_, request::none);
    base_.cached_ = false;
    base_.unschedule(base_.exit_timer_);
  }
  run(const run&) = delete;

 private:
  event_base& base_;
};

// The call of one callback. The event may be gone when it ends.
class event_base::running_scope {
 public:
  running_scope(event_base& base, event& ev) noexcept : base_(base) {
    base.running_ = &ev;
    const evlist flags = ev.flags_;
    base.marked_ = !any(flags & (evlist::foreign | evlist::asked));
    if (base.marked_) [[likely]]
      ev.flags_ = flags | evlist::running;
    else
      base.mark_running(ev);
  }
  ~running_scope() { base_.end_call(); }
  running_scope(const running_scope&) = delete;

 private:
  event_base& base_;
};

// The time in which the loop may sleep. A handler that runs in it ends the wait;
// what a handler has left before it is seen by timeout_next(). The same holds for
// threads, by a flag of their own: when the handler's pipe is new, the wait that
// goes on may not know of it.
class event_base::sleeping {
 public:
  explicit sleeping(event_base& base) noexcept : base_(base) {
    if (!base.hurries()) base.fall_asleep();
  }
  ~sleeping() {
    base_.asleep_.store(false, std::memory_order_relaxed);
    base_.wakeable_.store(false, std::memory_order_relaxed);
  }
  sleeping(const sleeping&) = delete;

 private:
  event_base& base_;
};

event_base::event_base() : event_base(event_config()) {}

event_base::event_base(const event_config& config)
    : event_base(config.make_eventop()) {
  if (config.has(base_flag::threads)) make_notifiable();
  limits_ = config.limits();
  limited_ = limits_.callbacks < INT_MAX || limits_.interval < duration::max();
  caches_time_ = !config.has(base_flag::no_cache_time);
}

event_base::event_base(std::string_view method)
    : event_base(make_eventop(method)) {}

event_base::event_base(std::unique_ptr<eventop> evsel)
    : evsel_(evsel ? std::move(evsel)
                   : throw std::invalid_argument("event_base: no backend")),
      exit_timer_(*this, -1, what::none,
                  [this] { requests_ |= request::loopexit; }),
      clock_([] { return clock::now(); }) {
  exit_timer_.flags_ |= evlist::internal;
}

// A thread that has made the loop end may be about to wake it. What is called
// or destroyed on the way may add, finalize and post.
event_base::~event_base() {
  while (wakers_.load() > 0) std::this_thread::yield();
  do {
    end_due();
    end_waiting();
    tasks_.clear();
  } while (haveevents());
}

// Always the front: a finalizer may destroy events, finalize others, and change
// how many queues there are.
void event_base::end_due() {
  for (std::size_t at = 0; at < activequeues_.npriorities();) {
    const active_queues::queue& due = activequeues_.by_priority()[at];
    if (due.empty()) {
      ++at;
    } else if (event& ev = due.front(); !any(ev.flags_ & evlist::finalizing)) {
      del(ev);
    } else {
      activequeues_.remove(ev);
      const callback function = ev.callback_;
      function(ev.fd_, what::none);
    }
  }
}

void event_base::end_waiting() noexcept {
  const auto del_all = [this](const auto& queue) {
    while (!queue.empty()) del(queue.front());
  };
  for (int fd = 0; fd < io_.size(); ++fd) del_all(io_.waiting_on(fd));
  for (int signo = 0; signo < evsig_.size(); ++signo) {
    del_all(evsig_.waiting_on(signo));
  }
  for (const auto& common : common_timeouts_) del_all(common->events_);
  while (!timeheap_.empty()) del(timeheap_.top());
  while (!once_.empty()) {
    const std::unique_ptr<event_once> left(&once_.front());
    once_.remove(*left);
  }
}

loop_result event_base::loop(loop_flags flags) {
  const std::lock_guard lock(th_base_lock_);
  const run guard(*this, flags);
  loop_result result = loop_result::idle;
  bool done = false;
  while (!any(requests_ & request::loopbreak) && !done) {
    if (!haveevents() && !any(flags & loop_flags::no_exit_on_empty)) {
      return loop_result::no_events;
    }
    evsel_->prepare();
    wait();
    find_due();
    const bool called = process_active();
    if (called) result = loop_result::stopped;
    done = drains() ||
           (any(flags & loop_flags::once) && called && activequeues_.empty());
  }
  return result;
}

void event_base::loopexit(std::optional<duration> delay) {
  const locked guard(*this);
  if (!delay) {
    requests_ |= request::loopexit;
    return;
  }
  const time_point due = after(gettime(), std::max(*delay, duration::zero()));
  const event& set = exit_timer_;
  if (any(set.flags_ & evlist::timeout) && set.deadline_ <= due) return;
  timeheap_.reserve_one();
  schedule(exit_timer_, due, ++sequence_);
}

void event_base::loopbreak() noexcept {
  const locked guard(*this);
  requests_ |= request::loopbreak;
}

void event_base::loopcontinue() noexcept {
  const locked guard(*this);
  requests_ |= request::loopcontinue;
}

void event_base::once(int fd, what events, callback function,
                      std::optional<duration> timeout) {
  if (any(events & (what::persist | what::signal))) {
    throw std::invalid_argument("event_base::once: not for " +
                                to_string(events));
  }
  const locked guard(*this);
  auto made = std::make_unique<event_once>(*this, fd, events, function);
  if (timeout) {
    add(made->ev, *timeout);
  } else if (any(events & any_io)) {
    add(made->ev);
  } else {
    active(made->ev, what::none);
  }
  once_.push_back(*made.release());
}

event_base::event_once::event_once(event_base& base, int fd, what events,
                                   callback then)
    : ev(base, fd, events,
         [this, &base](int at, what fired) {
           base.call_once(*this, at, fired);
         }),
      function(then) {}

void event_base::call_once(event_once& due, int fd, what fired) {
  const std::unique_ptr<event_once> freed(&due);
  {
    const locked guard(*this);
    once_.remove(due);
  }
  due.function(fd, fired);
}

void event_base::active_by_fd(int fd, what res) {
  const locked guard(*this);
  if (fd < 0 || fd >= io_.size()) return;
  for (event& ev : io_.waiting_on(fd)) {
    if (any(ev.events_ & res & any_io)) active(ev, ev.events_ & res & any_io);
  }
}

void event_base::active_by_signal(int signo) {
  const locked guard(*this);
  if (signo < 0 || signo >= evsig_.size()) return;
  for (event& ev : evsig_.waiting_on(signo)) {
    active(ev, what::signal);
    add_calls(ev, 1);
  }
}

void event_base::priority_init(int count) {
  const locked guard(*this);
  if (count < 1 || count > max_priorities) {
    throw std::invalid_argument(
        "event_base::priority_init: " + std::to_string(count) +
        " is not between 1 and 256");
  }
  if (running_loop_ || !activequeues_.empty()) {
    throw std::logic_error(
        "event_base::priority_init: the loop runs, or an event is due");
  }
  visit([count](const event& ev) {
    if (ev.pri_ < count) return;
    throw std::logic_error("event_base::priority_init: an event has priority " +
                           std::to_string(ev.pri_));
  });
  activequeues_.resize(static_cast<std::size_t>(count));
}

time_point event_base::now() noexcept {
  const std::lock_guard lock(th_base_lock_);
  return gettime();
}

void event_base::update_time_cache() noexcept {
  const locked guard(*this);
  time_cache_ = clock_();
  cached_ = running_loop_ && caches_time_;
}

void event_base::set_clock(clock_reader reader) noexcept {
  const locked guard(*this);
  clock_ = reader;
  cached_ = false;
}

common_timeout& event_base::init_common_timeout(duration length) {
  const locked guard(*this);
  if (length <= duration::zero()) {
    throw std::invalid_argument(
        "event_base::init_common_timeout: the length is not positive");
  }
  for (const auto& known : common_timeouts_) {
    if (known->length() == length) return *known;
  }
  const auto index = static_cast<std::uint32_t>(common_timeouts_.size());
  return *common_timeouts_.emplace_back(
      std::make_unique<common_timeout>(*this, length, index));
}

void event_base::reinit() {
  const locked guard(*this);
  std::vector<int> gone;  // looked for first: ours may get such a number
  for (int fd = 0; fd < io_.size(); ++fd) {
    if (!io_.waiting_on(fd).empty() && !is_open(fd)) gone.push_back(fd);
  }
  evsel_->reinit();  // from here on it is not the parent's any more
  for (const int fd : gone) evict({fd, what::unwatched, EBADF});
  evsig_.reinit();
  if (!notifier_) return;
  auto own = std::make_unique<notifier>(*this, *evsel_);
  notifier_->disown();
  notifier_ = std::move(own);
}

std::size_t event_base::num_events(event_count kind) const noexcept {
  const std::lock_guard lock(th_base_lock_);
  return kind == event_count::active ? activequeues_.count().now
                                     : event_count_.now;
}

std::size_t event_base::max_events(event_count kind, bool clear) noexcept {
  const std::lock_guard lock(th_base_lock_);
  counter& counted =
      kind == event_count::active ? activequeues_.count() : event_count_;
  return clear ? std::exchange(counted.most, counted.now) : counted.most;
}

bool event_base::running_loop() const noexcept {
  const std::lock_guard lock(th_base_lock_);
  return running_loop_;
}

bool event_base::for_each_event(
    const std::function<bool(const event_info&)>& each) const {
  std::vector<event_info> infos;
  const auto note = [&infos](const event& ev) {
    event_info info{ev.fd_, ev.events_, ev.waits(), ev.pri_, ev.flags_, &ev};
    info.state &= ~evlist::asked;  // which is not for programs
    if (any(ev.flags_ & evlist::timeout)) info.deadline = ev.deadline_;
    infos.push_back(info);
  };
  {
    const std::lock_guard lock(th_base_lock_);
    visit(note);
  }
  return std::all_of(infos.begin(), infos.end(), each);
}

void event_base::dump_events(std::ostream& out) const {
  std::unique_lock lock(th_base_lock_);
  const time_point now = clock_();
  lock.unlock();
  for_each_event([&](const event_info& info) {
    const bool signal = any(info.events & what::signal);
    out << (signal ? "signal " : "fd ") << info.fd << " ("
        << to_string(info.events) << "), priority " << info.priority << ':';
    if (any(info.state & evlist::inserted)) out << " added";
    if (info.deadline) {
      const std::chrono::duration<double> left = *info.deadline - now;
      out << " timeout in " << left.count() << " s";
    }
    if (any(info.state & evlist::active)) out << " due";
    out << '\n';
    return true;
  });
}

void event_base::self_check() const {
  const std::lock_guard lock(th_base_lock_);
  io_.self_check();
  activequeues_.self_check();
  timeheap_.self_check();
  for (const auto& common : common_timeouts_) common->self_check();
  std::size_t active = 0;
  std::size_t waiting = 0;
  visit([&](const event& ev) {
    active += any(ev.flags_ & evlist::active);
    waiting += any(ev.flags_ & added);
  });
  if (active != activequeues_.count().now || waiting != event_count_.now) {
    throw std::logic_error(
        "self_check: events due or added: " + std::to_string(active) + ", " +
        std::to_string(waiting) + "; not as counted");
  }
}

void event_base::add(event& ev) {
  insert(ev, false);
}

void event_base::add(event& ev, duration timeout) {
  insert(ev, true);
  if (any(ev.flags_ & (evlist::active | evlist::common))) remove_timer(ev);
  const duration length = std::max(timeout, duration::zero());
  if (any(ev.events_ & what::persist)) ev.interval_ = length;
  put_on_heap(ev, after(gettime(), length), ++sequence_);
}

void event_base::add(event& ev, common_timeout& timeout) {
  if (&timeout.base_ != this) {
    throw std::invalid_argument("event::add: a timeout of another base");
  }
  insert(ev, true);
  if (any(ev.flags_ & evlist::active)) remove_timer(ev);
  unschedule(ev);
  ev.flags_ |= evlist::common;
  ev.heap_index_ = timeout.index_;
  if (any(ev.events_ & what::persist)) ev.interval_ = timeout.length();
  schedule(ev, after(gettime(), timeout.length()), ++sequence_);
}

void event_base::add_internal(event& ev) {
  ev.flags_ |= evlist::internal;
  insert(ev, false);
}

// All of add() that can fail, before anything has changed.
inline void event_base::insert(event& ev, bool timed) {
  const bool numbered = any(ev.events_ & any_number);
  if (ev.pri_ >= activequeues_.npriorities()) refuse(ev);
  if (!timed && !numbered && !any(ev.flags_ & evlist::timeout)) refuse(ev);
  if (any(ev.flags_ & evlist::finalizing)) refuse(ev);
  if (timed) timeheap_.reserve_one();
  if (numbered && !any(ev.flags_ & evlist::inserted)) insert_number(ev);
}

void event_base::insert_number(event& ev) {
  watch(ev);
  mark(ev, evlist::inserted);
  // The event is watched again: that it is not must not be told any more.
  if (any(ev.flags_ & evlist::active) && ev.res_ == what::unwatched) {
    unask(ev);
    activequeues_.remove(ev);
  }
}

void event_base::refuse(const event& ev) const {
  if (any(ev.flags_ & evlist::finalizing)) {
    throw std::logic_error("event::add: the event has been finalized");
  }
  require_priority(ev);
  throw std::invalid_argument("event::add: there is nothing to wait for");
}

void event_base::del(event& ev) noexcept {
  if (any(ev.flags_ & evlist::finalizing)) return;
  unask(ev);
  if (any(ev.flags_ & evlist::active)) activequeues_.remove(ev);
  stop_waiting(ev);
}

inline void event_base::stop_waiting(event& ev) noexcept {
  forget_timeout(ev);
  if (any(ev.flags_ & evlist::inserted)) {
    unwatch(ev);
    unmark(ev, evlist::inserted);
  }
}

// Whether it had to. Never in the loop's own thread, which would wait for
// itself.
bool event_base::wait_for_end() noexcept {
  if (in_loop_thread()) return false;
  current_event_.wait(th_base_lock_);
  return true;
}

void event_base::forget(event& ev) noexcept {
  do {
    ev.flags_ &= ~evlist::finalizing;
    del(ev);
  } while (wait_for_callback(ev));
  if (running_ == &ev) running_ = nullptr;
}

void event_base::finalize(event& ev, callback function) {
  if (any(ev.flags_ & evlist::finalizing)) {
    throw std::logic_error("event::finalize: the event has been finalized");
  }
  require_priority(ev);
  del(ev);
  ev.callback_ = function;
  ev.flags_ |= evlist::finalizing;
  activate(ev, what::none);
}

inline void event_base::watch(event& ev) {
  if (any(ev.events_ & what::signal)) {
    signal_process();  // signals caught so far are for earlier events
    return evsig_.add(ev);
  }
  io_.add(*evsel_, ev);
  changed_ = true;
}

inline void event_base::unwatch(event& ev) noexcept {
  if (any(ev.events_ & what::signal)) return evsig_.del(ev);
  io_.del(*evsel_, ev);
  changed_ = true;  // a wait that does not know of it keeps the file open
}

// Also a timeout that has passed, but that the callback has not been told of.
void event_base::remove_timer(event& ev) noexcept {
  if (any(ev.flags_ & evlist::active) && any(ev.res_ & what::timeout)) {
    unask(ev);
    ev.res_ &= ~what::timeout;
    if (!any(ev.res_)) activequeues_.remove(ev);
  }
  forget_timeout(ev);
}

inline void event_base::forget_timeout(event& ev) noexcept {
  unschedule(ev);
  ev.flags_ &= ~evlist::common;
  ev.interval_ = event::no_interval;
}

// Requires room in the heap.
inline void event_base::schedule(event& ev, time_point due,
                                 std::uint32_t sequence) noexcept {
  if (any(ev.flags_ & evlist::common)) {
    return schedule_common(ev, due, sequence);
  }
  put_on_heap(ev, due, sequence);
}

// An event with a deadline of its own. Requires room in the heap.
inline void event_base::put_on_heap(event& ev, time_point due,
                                    std::uint32_t sequence) noexcept {
  ev.deadline_ = due;
  ev.sequence_ = sequence;
  if (any(ev.flags_ & evlist::timeout)) return timeheap_.adjust(ev);
  timeheap_.push(ev);
  mark(ev, evlist::timeout);
}

// For common_timeout's own event, from where the two cannot be inline.
void event_base::schedule_as(event& ev, const event* first) noexcept {
  if (!first) return unschedule(ev);
  schedule(ev, first->deadline_, first->sequence_);
}

// At the end of the queue of its common timeout.
void event_base::schedule_common(event& ev, time_point due,
                                 std::uint32_t sequence) noexcept {
  unschedule(ev);
  ev.deadline_ = due;
  ev.sequence_ = sequence;
  common_timeouts_[ev.heap_index_]->insert(ev);
  mark(ev, evlist::timeout);
}

inline void event_base::unschedule(event& ev) noexcept {
  if (!any(ev.flags_ & evlist::timeout)) return;
  if (any(ev.flags_ & evlist::common)) {
    common_timeouts_[ev.heap_index_]->erase(ev);
  } else {
    timeheap_.erase(ev);
  }
  unmark(ev, evlist::timeout);
}

// Before a persistent event's callback: the next period begins when the last
// one was due to end; or now, if something came before that, or it is long ago.
void event_base::rearm(event& ev) {
  timeheap_.reserve_one();
  const bool timed_out =
      ev.res_ == what::timeout && !any(ev.flags_ & evlist::timeout);
  const time_point start = clock_();
  time_point next = after(timed_out ? ev.deadline_ : start, ev.interval_);
  if (next < start) next = after(start, ev.interval_);
  schedule(ev, next, ++sequence_);
}

void event_base::expire(event& ev) {
  // The library's own are called at once, and schedule themselves anew. Another
  // is due before it leaves the heap: other threads see it in one of them.
  const bool internal = any(ev.flags_ & evlist::internal);
  if (internal) unschedule(ev);
  activate(ev, what::timeout);
  if (!internal) unschedule(ev);
}

void event_base::active(event& ev, what res) {
  active_later(ev, res);
  if (!any(ev.flags_ & evlist::finalizing)) ev.flags_ |= evlist::asked;
  if (ev.pri_ < running_priority_) requests_ |= request::preempt;
}

void event_base::active_later(event& ev, what res) {
  if (any(res & what::unwatched)) {
    throw std::invalid_argument("event::active: only a base says unwatched");
  }
  if (any(ev.flags_ & evlist::finalizing)) return;
  require_priority(ev);
  activate(ev, res);
}

inline void event_base::require_priority(const event& ev) const {
  if (ev.pri_ < activequeues_.npriorities()) return;
  throw std::logic_error("event: its priority is " + std::to_string(ev.pri_) +
                         ", but the base has only " +
                         std::to_string(activequeues_.npriorities()));
}

void event_base::set_priority(event& ev, int priority) {
  const auto count = static_cast<int>(activequeues_.npriorities());
  if (priority < 0 || priority >= count) {
    throw std::invalid_argument(
        "event::priority_set: " + std::to_string(priority) +
        " is not between 0 and " + std::to_string(count - 1));
  }
  if (any(ev.flags_ & evlist::active)) {
    throw std::logic_error("event::priority_set: the event is due");
  }
  ev.pri_ = static_cast<std::uint8_t>(priority);
}

std::uint8_t event_base::middle_priority() const noexcept {
  return static_cast<std::uint8_t>(activequeues_.npriorities() / 2);
}

request event_base::asked() const noexcept {
  const std::lock_guard lock(th_base_lock_);
  return running_loop_ ? requests_ : got_;
}

bool event_base::haveevents() const noexcept {
  return event_count_.now > 0 || !activequeues_.empty() ||
         any(exit_timer_.flags_ & evlist::timeout) || !tasks_.empty();
}

// Whether this turn is the last, and calls all that is due.
inline bool event_base::drains() const noexcept {
  return any(requests_ & request::loopexit) ||
         any(flags_ & loop_flags::nonblock);
}

// Whether there is no time to sleep.
inline bool event_base::hurries() const noexcept {
  return drains() || !activequeues_.empty();
}

inline void event_base::fall_asleep() noexcept {
  if (notifier_) wakeable_.store(true);
  if (notifier_ || evsig_.in_use()) asleep_.store(true);
}

inline void event_base::wait() {
  changed_ = false;
  const sleeping guard(*this);
  wait(wait_timeout());
}

// Others may add and delete meanwhile.
inline void event_base::wait(std::optional<duration> timeout) {
  const evthread_unlock open(th_base_lock_);
  try {
    evsel_->wait(timeout);
  } catch (const std::system_error& why) {
    throw backend_error(why);
  }
}

inline std::optional<duration> event_base::wait_timeout() noexcept {
  const std::optional<duration> timeout = timeout_next();
  wait_end_ = timeheap_.empty() ? time_point::max() : timeheap_.deadline();
  return timeout;
}

int event_base::backend_fd() {
  make_notifiable();
  const std::lock_guard lock(th_base_lock_);
  const int fd = evsel_->backend_fd();
  if (fd >= 0) return fd;
  throw std::runtime_error("event_base::backend_fd: " + std::string(method()) +
                           " has no descriptor for another loop");
}

// What is found stays due for the turn. The backend has been told of all
// changes then, so that its descriptor speaks of what is watched now.
std::optional<duration> event_base::begin_wait() {
  const std::lock_guard lock(th_base_lock_);
  if (running_loop_ || !notifier_) {
    throw std::logic_error(
        "event_base::begin_wait: the loop runs, or the base is not notifiable");
  }
  changed_ = false;
  evsel_->prepare();
  wait(duration::zero());
  find_due();
  fall_asleep();
  const bool missed = changed_ && !changes_at_once_;
  if (missed || any(requests_ & request::loopbreak)) return duration::zero();
  return wait_timeout();
}

// Whether the wait that goes on should end: what it waits for is not what there
// is to wait for any more.
bool event_base::outdated() const noexcept {
  if (hurries() || any(requests_ & request::loopbreak)) return true;
  if (!haveevents() || (changed_ && !changes_at_once_)) return true;
  return !timeheap_.empty() && timeheap_.deadline() < wait_end_;
}

bool event_base::in_loop_thread() const noexcept {
  return running_loop_ && th_owner_id_ == std::this_thread::get_id();
}

void event_base::make_notifiable() {
  if (notifier_) return;
  th_base_lock_.enable();
  const locked guard(*this);
  notifier_ = std::make_unique<notifier>(*this, *evsel_);
}

// Of several that would wake the loop, the first one does. Requires that the
// caller has counted itself in wakers_.
void event_base::wake() noexcept {
  if (wakeable_.load() && wakeable_.exchange(false)) notifier_->wake();
  --wakers_;
}

inline void event_base::find_due() {
  for (const ready& r : evsel_->collect()) activate(r);
  signal_process();
  timeout_process();
  task_process();
}

// With a new look at the clock: callbacks may have taken their time.
std::optional<duration> event_base::timeout_next() noexcept {
  if (hurries() || !tasks_.empty()) return duration::zero();
  if (evsig_.in_use() && evsig_.pending()) return duration::zero();
  if (timeheap_.empty()) return std::nullopt;
  for (int mended = 0; mended < max_mends && timeheap_.mend();) ++mended;
  return std::max(timeheap_.deadline() - clock_(), duration::zero());
}

// What has been read for a callback is for the thread that runs it.
inline time_point event_base::gettime() noexcept {
  if (th_base_lock_.enabled() && !in_loop_thread()) return clock_();
  if (!cached_) {
    time_cache_ = clock_();
    cached_ = running_loop_ && caches_time_;
  }
  return time_cache_;
}

// Inline, like all that this file alone calls for each event.
inline void event_base::activate(const ready& r) {
  if (any(r.fired & (what::unwatched | what::signal))) {
    return r.error != 0 ? evict(r) : deliver(r.fd, r.count);
  }
  for (event& ev : io_.waiting_on(r.fd)) {
    if (const what res = ev.events_ & r.fired; any(res)) activate(ev, res);
  }
}

void event_base::evict(const ready& r) {
  if (io_.waiting_on(r.fd).empty()) return;
  while (!io_.waiting_on(r.fd).empty()) {
    event& ev = io_.waiting_on(r.fd).front();
    activate(ev, what::unwatched);
    ev.res_ = what::unwatched;  // instead of all else that it is due for
    stop_waiting(ev);
  }
  log(severity::warn, [&] {
    return std::string(method()) + ": descriptor " + std::to_string(r.fd) +
           " is taken off: " + std::generic_category().message(r.error);
  });
}

inline void event_base::signal_process() {
  if (!evsig_.in_use() || !evsig_.reset()) return;
  for (int signo = 1, size = evsig_.size(); signo < size; ++signo) {
    if (evsig_.waiting_on(signo).empty()) continue;
    if (const int ncalls = evsig_.take(signo); ncalls > 0) {
      deliver(signo, ncalls);
    }
  }
}

void event_base::deliver(int signo, int ncalls) {
  for (event& ev : evsig_.waiting_on(signo)) {
    activate(ev, what::signal);
    add_calls(ev, ncalls);
  }
}

// What comes while its callback runs is for the next turn, and what is left for
// it as well: they cannot be told apart.
void event_base::add_calls(event& ev, int ncalls) noexcept {
  ev.ncalls_ = ev.ncalls_ > INT_MAX - ncalls ? INT_MAX : ev.ncalls_ + ncalls;
  if (&ev == running_) activequeues_.defer(ev);
}

// No reading is taken where none will be asked for. After a few timers, the rest
// is taken at once if that pays; but not where there are common timeouts, which
// put themselves on the heap anew.
void event_base::timeout_process() {
  if (timeheap_.empty()) return;
  time_cache_ = clock_();
  std::size_t taken = 0;
  while (!timeheap_.empty() && timeheap_.deadline() <= time_cache_) {
    if (!timeheap_.mend()) expire(timeheap_.top());
    if (++taken == few && common_timeouts_.empty()) {
      timeheap_.sweep(time_cache_, sequence_, [this](event& ev) {
        activate(ev, what::timeout);
        unmark(ev, evlist::timeout);
      });
    }
  }
}

// A call for each is due, which leaves the rest due when it throws or breaks.
void event_base::task_process() {
  if (tasks_.empty()) return;
  posted_.ncalls_ += tasks_.take();
  if (!any(posted_.flags_ & evlist::active)) posted_.pri_ = middle_priority();
  activate(posted_, what::none);
}

// Several of these calls in one, for as long as no thread takes the lock: then
// nothing has changed that the loop looks at between two calls. The last one is
// left to the loop, which takes the event off its queue before it.
void event_base::run_tasks() {
  tasks_.run();
  while (posted_.ncalls_ > 1 && !limited_ && !th_base_lock_.taken()) {
    --posted_.ncalls_;
    tasks_.run();
  }
}

inline void event_base::activate(event& ev, what res) {
  if (any(ev.flags_ & (evlist::internal | evlist::active))) {
    if (any(ev.flags_ & evlist::internal)) return ev.callback_(ev.fd_, res);
    if (ev.res_ != what::unwatched) ev.res_ |= res;
    return;
  }
  ev.res_ = res;
  activequeues_.insert(ev);
}

// Whether an event was called.
bool event_base::process_active() {
  if (activequeues_.empty()) return false;
  activequeues_.next_turn();
  requests_ &= ~(request::loopcontinue | request::preempt);
  if (limited_) requests_ |= request::limit;
  callbacks_left_ = limits_.callbacks;
  const bool timed = limits_.interval != duration::max();
  if (timed) turn_end_ = after(clock_(), limits_.interval);
  bool called = false;
  for (running_priority_ = 0; running_priority_ < activequeues_.npriorities();
       ++running_priority_) {
    called |= process_active_single_queue(running_priority_);
    if (any(requests_ & ends_turn) || (called && !drains())) break;
  }
  return called;
}

// Whether the callback was the last one of its queue in this turn.
inline bool event_base::interrupted() noexcept {
  if (limited_) limit_dispatch();
  return any(requests_ & (drains() ? ends_turn : ends_queue));
}

inline bool event_base::process_active_single_queue(std::size_t priority) {
  bool called = false;
  while (event* const next = activequeues_.next(priority)) {
    {
      const running_scope guard(*this, *next);
      call(*next);
    }
    called = true;
    if (any(requests_) && interrupted()) break;
  }
  return called;
}

// A turn that has reached a limit ends as if the callback had asked for it.
inline void event_base::limit_dispatch() noexcept {
  if (static_cast<int>(running_priority_) < limits_.min_priority) return;
  if (--callbacks_left_ <= 0) requests_ |= request::loopcontinue;
  if (limits_.interval == duration::max()) return;
  if (clock_() >= turn_end_) requests_ |= request::loopcontinue;
}

// When it is called, or its call is taken back.
void event_base::unask(event& ev) noexcept {
  if (!any(ev.flags_ & evlist::asked)) return;
  ev.flags_ &= ~evlist::asked;
  th_base_lock_.line_up();
}

void event_base::mark_running(event& ev) noexcept {
  unask(ev);
  marked_ = !any(ev.flags_ & evlist::foreign);
  if (marked_) ev.flags_ |= evlist::running;
}

// The event may be gone; then it is not the running one any more.
inline void event_base::end_call() noexcept {
  if (running_ && marked_) running_->flags_ &= ~evlist::running;
  running_ = nullptr;
  current_event_.open(th_base_lock_);
}

// The event may be destroyed by its callback, which is why that is copied.
inline void event_base::call(event& ev) {
  cached_ = false;  // a time of its own begins
  const bool persistent = any(ev.events_ & what::persist);
  if (ev.interval_ != event::no_interval) rearm(ev);
  const int fd = ev.fd_;
  const what res = ev.res_;
  if (ev.ncalls_ > 1 && persistent) {
    --ev.ncalls_;  // it stays in front: there is another delivery to tell of
    ev.res_ = what::signal;
  } else {
    activequeues_.pop(ev);
  }
  if (!persistent) del(ev);
  const callback function = ev.callback_;
  const evthread_unlock open(th_base_lock_);
  function(fd, res);
}

inline void event_base::mark(event& ev, evlist state) noexcept {
  const evlist before = ev.flags_;
  ev.flags_ = before | state;
  if (any(before & (added | evlist::internal))) return;
  event_count_.up();
}

inline void event_base::unmark(event& ev, evlist state) noexcept {
  const evlist left = ev.flags_ & ~state;
  ev.flags_ = left;
  if (any(left & (added | evlist::internal))) return;
  event_count_.down();
}

// Each event that a program can see, once.
void event_base::visit(const std::function<void(const event&)>& each) const {
  const auto visit_all = [&each](const auto& queue, evlist seen) {
    for (const event& ev : queue) {
      if (!any(ev.flags_ & seen)) each(ev);
    }
  };
  for (int fd = 0; fd < io_.size(); ++fd) {
    visit_all(io_.waiting_on(fd), evlist::internal);
  }
  for (int signo = 0; signo < evsig_.size(); ++signo) {
    visit_all(evsig_.waiting_on(signo), evlist::none);
  }
  for (std::size_t at = 0; at < timeheap_.size(); ++at) {
    const event& ev = timeheap_[at];
    if (!any(ev.flags_ & (evlist::inserted | evlist::internal))) each(ev);
  }
  for (const auto& common : common_timeouts_) {
    visit_all(common->events_, evlist::inserted);
  }
  for (const auto& queue : activequeues_.by_priority()) visit_all(queue, added);
}

}  // namespace evolve
