/// \file
/// The loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "evolve/active_queues.h"
#include "evolve/clock.h"
#include "evolve/common_timeout.h"
#include "evolve/counter.h"
#include "evolve/event.h"
#include "evolve/event_config.h"
#include "evolve/eventop.h"
#include "evolve/evmap.h"
#include "evolve/evsig.h"
#include "evolve/evthread.h"
#include "evolve/min_heap.h"
#include "evolve/notifier.h"
#include "evolve/task_queue.h"

namespace evolve {

/// Why the loop has returned.
/// \libevent{event.h,event_base_loop}
enum class loop_result {
  stopped,  ///< it was asked to, or the flags said so; it has called something
  idle,  ///< the same, but it has called no event
  no_events,  ///< no event was left to wait for
};

/// How the loop is to run.
/// \libevent{event.h,EVLOOP_ONCE}
enum class loop_flags : unsigned {
  none = 0,  ///< until no event is left
  once = 1,  ///< until it has called an event, and none is due any more
  nonblock = 2,  ///< one turn: looks once, calls all that is due, never waits
  no_exit_on_empty = 4,  ///< also when there is no event to wait for
};

/// \libevent{event.h,EVLOOP_ONCE}
template <>
inline constexpr bool is_bitmask<loop_flags> = true;

/// What a run of the loop has been asked for.
enum class request : unsigned {
  none = 0,  ///< no request
  loopexit = 1,  ///< to leave after the turn
  loopbreak = 2,  ///< to leave after the callback
  loopcontinue = 4,  ///< to end the turn after the callback
  preempt = 8,  ///< the same, for something more urgent
  limit = 16,  ///< to look at the limits after each callback
};

/// \libevent{event-internal.h,event_base}
template <>
inline constexpr bool is_bitmask<request> = true;

/// What event_base::num_events() counts. Internal events never count.
/// \libevent{event.h,EVENT_BASE_COUNT_ADDED}
enum class event_count {
  active,  ///< the events that are due
  added,  ///< the events that wait for something
};

/// What event_base::for_each_event() tells of an event.
struct event_info {
  int fd;  ///< event::fd()
  what events;  ///< event::events()
  what pending;  ///< event::pending()
  int priority;  ///< event::priority()
  evlist state;  ///< what the base keeps it on
  const event* ev;  ///< the event, which may be gone by now
  std::optional<time_point> deadline = {};  ///< event::deadline()
};

/// The loop: waits for events, and calls their callbacks. The pattern's
/// *reactor*, or *initiation dispatcher*.
///
/// A turn has two phases. First all that is due is put on a queue, and only
/// then is anything called. So a callback may add, delete and destroy events as
/// it likes: what it deletes is taken off the queue, and what it adds is looked
/// at in the next turn at the earliest.
///
/// **Lifetime.** A base must outlive its use by events, not the events: its
/// destructor takes off what is left, and calls nothing. It must not be
/// destroyed by a callback. Callbacks may throw: the exception leaves the loop,
/// the rest stays due, and the loop can be entered again.
///
/// **Threads.** A base and its events belong to one thread at a time, until
/// make_notifiable(). From then on any thread may call what it likes of the
/// base and its events, while one runs the loop; what follows from a call, such
/// as a wait that has to end sooner, is seen to. Callbacks are called by the
/// thread that runs the loop, without a lock, so that they may do the same. When
/// the loop has returned, its thread may destroy the base at once: that waits for
/// the calls that have ended the loop. Two things remain with the caller: no
/// other call may go on or begin then, and what is said of fork() at reinit().
/// ThreadSanitizer may find that close() races with the loop, where that deletes
/// a descriptor from an epoll late: it does no harm.
///
/// \libevent{event-internal.h,event_base}
class event_base {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  /// Waits with the best backend there is.
  /// \libevent{event.c,event_base_new}
  event_base();

  /// Waits with the best backend that `config` leaves.
  /// \throws std::runtime_error when it leaves none; it says for each, why.
  /// \libevent{event.c,event_base_new_with_config}
  explicit event_base(const event_config& config);

  /// Waits with the backend called `method`, one of supported_methods().
  /// \throws std::invalid_argument when there is none of that name.
  explicit event_base(std::string_view method);

  /// Waits with `evsel`, a backend of the caller's making.
  /// \throws std::invalid_argument when it is null.
  explicit event_base(std::unique_ptr<eventop> evsel);

  /// Deletes all events that are left; does not close their descriptors.
  /// \libevent{event.c,event_base_free}
  ~event_base();

  event_base(const event_base&) = delete;
  event_base& operator=(const event_base&) = delete;

  /// Runs until no event is left: loop() without flags.
  /// \throws std::logic_error in a callback: a loop runs once.
  /// \throws backend_error when the backend cannot wait.
  /// \libevent{event.c,event_base_dispatch}
  loop_result dispatch() { return loop(); }

  /// Runs turn after turn, until no event is left, or as `flags` say, or until
  /// asked to stop. In a turn only the most urgent of the due events are
  /// called, those that share a priority; then the loop looks for more.
  /// \throws std::logic_error in a callback: a loop runs once.
  /// \throws backend_error when the backend cannot wait.
  /// \libevent{event.c,event_base_loop}
  loop_result loop(loop_flags flags = loop_flags::none);

  /// The descriptor by which another loop can serve this one: it is readable
  /// when loop() with loop_flags::nonblock would find something other than a
  /// passed timeout, and what was due when begin_wait() returned zero; provided
  /// that begin_wait() has been called since the last turn. The base keeps it,
  /// and it stays the same until reinit(). Makes the base notifiable, and
  /// requires what make_notifiable() does.
  /// \throws std::runtime_error when the backend has none, as poll and select.
  /// \throws std::system_error when there are no descriptors for it.
  int backend_fd();

  /// Begins a wait that another loop makes: looks once at what has happened, and
  /// from now on has backend_fd() tell of what happens, calls by other threads
  /// and signals included. Calls nothing. Returns how long the other loop may
  /// wait; without a value for ever; zero when something is due already.
  ///
  /// Then loop(loop_flags::nonblock) is the turn, and ends the wait. So one turn
  /// of the other loop is begin_wait(), a wait for backend_fd() among others,
  /// loop(). If the other loop has no place for code before its wait, call
  /// begin_wait() once at first, and then after each loop().
  /// \throws std::logic_error while the loop runs, or unless the base is
  ///     notifiable.
  /// \throws backend_error when the backend cannot wait.
  std::optional<duration> begin_wait();

  /// Asks the loop to leave after this turn, in which everything due is called,
  /// unless loopbreak(), loopcontinue() or a limit cuts it short; or after the
  /// turn in which `delay` has passed: the sooner of several.
  ///
  /// A request is for the run in progress, or when there is none for the next;
  /// and it ends with that run, whether it was needed or not. A delay keeps the
  /// loop running when no event is left. It does nothing for a program that
  /// runs the loop for one turn, again and again: each run forgets it.
  /// \libevent{event.c,event_base_loopexit}
  void loopexit(std::optional<duration> delay = std::nullopt);

  /// Asks the loop to leave after this callback. What is due stays due. A
  /// request as loopexit() is.
  /// \libevent{event.c,event_base_loopbreak}
  void loopbreak() noexcept;

  /// Asks the loop to begin its next turn after this callback. Means nothing
  /// outside of callbacks.
  /// \libevent{event.c,event_base_loopcontinue}
  void loopcontinue() noexcept;

  /// Whether this run, or the last one, was asked to exit; also when it did not
  /// need to be, and loop() has returned loop_result::no_events.
  /// \libevent{event.c,event_base_got_exit}
  bool got_exit() const noexcept { return any(asked() & request::loopexit); }

  /// Whether this run, or the last one, was asked to break.
  /// \libevent{event.c,event_base_got_break}
  bool got_break() const noexcept { return any(asked() & request::loopbreak); }

  /// Calls `function` once, when one of `events` comes on `fd` or `timeout` has
  /// passed; in the next turn when there is neither. There is no event to hold:
  /// the base keeps it, and frees it when it is called or the base goes.
  /// \throws std::invalid_argument for what::persist and what::signal, and what
  ///     event::add() throws.
  /// \libevent{event.c,event_base_once}
  void once(int fd, what events, callback function,
            std::optional<duration> timeout = std::nullopt);

  /// Makes due all events that wait on `fd` for any of `res`.
  /// \libevent{event.c,event_base_active_by_fd}
  void active_by_fd(int fd, what res);

  /// Makes due all events that wait for the signal `signo`, as one delivery
  /// would.
  /// \libevent{event.c,event_base_active_by_signal}
  void active_by_signal(int signo);

  /// Has `count` priorities, 0 to `count` - 1; at first there is one.
  /// Requires that no other thread makes an event meanwhile.
  /// \throws std::invalid_argument unless 1 <= `count` <= 256.
  /// \throws std::logic_error while the loop runs or an event is due, or when
  ///     one that is added has a priority that would be no more.
  /// \libevent{event.c,event_base_priority_init}
  void priority_init(int count);

  /// \libevent{event.c,event_base_get_npriorities}
  int npriorities() const noexcept {
    const std::lock_guard lock(th_base_lock_);
    return static_cast<int>(activequeues_.npriorities());
  }

  /// The time that timeouts are reckoned from. In a callback it stays as it was
  /// first read there, so that a thousand timeouts cost one look at the clock;
  /// elsewhere it is read anew.
  /// \libevent{event.c,event_base_gettimeofday_cached}
  time_point now() noexcept;

  /// Reads the clock anew for the rest of this callback, which has taken long.
  /// \libevent{event.c,event_base_update_cache_time}
  void update_time_cache() noexcept;

  /// Reads the time with `reader`, for tests that make their own time. Requires
  /// that no timeout is pending. A wait lasts as long as that clock says, so
  /// let such a loop run with loop_flags::nonblock. `reader` is called while the
  /// base is locked, and must not use it.
  void set_clock(clock_reader reader) noexcept;

  /// The timeout of that length, for event::add(): the same object for the
  /// same length. It lives as long as the base.
  /// \throws std::invalid_argument unless `length` is positive.
  /// \libevent{event.c,event_base_init_common_timeout}
  common_timeout& init_common_timeout(duration length);

  /// The name of the backend.
  /// \libevent{event.c,event_base_get_method}
  const char* method() const noexcept { return evsel_->name(); }

  /// What the backend can do besides.
  /// \libevent{event.c,event_base_get_features}
  feature features() const noexcept { return evsel_->features(); }

  /// In a child after fork(): makes the base its own. Until then parent and
  /// child share what the kernel keeps for the base, and the child must not run
  /// its loop, add or delete events, or destroy them or the base; ending by
  /// _exit() or exec is fine. The parent goes on as if nothing had happened. An
  /// event whose descriptor the child does not have is called a last time, as
  /// when a descriptor goes bad.
  ///
  /// Requires that at the time of fork() no other thread used this base.
  /// \throws std::system_error when there are no descriptors for it.
  /// \libevent{event.c,event_reinit}
  void reinit();

  /// How many events there are of that kind.
  /// \libevent{event.c,event_base_get_num_events}
  std::size_t num_events(event_count kind) const noexcept;

  /// How many there have been at most. With `clear` the mark begins again
  /// afterwards, at how many there are now.
  /// \libevent{event.c,event_base_get_max_events}
  std::size_t max_events(event_count kind, bool clear = false) noexcept;

  /// Whether the loop is running, in whatever thread.
  bool running_loop() const noexcept;

  /// The event whose callback is being called; null outside of callbacks, and
  /// when it has destroyed itself.
  /// \libevent{event.c,event_base_get_running_event}
  event* running_event() const noexcept {
    const std::lock_guard lock(th_base_lock_);
    return running_;
  }

  /// Calls `visit` for each event that is added or due, once, with what is true
  /// of it now; until it returns false. Returns false then, and else true.
  /// `visit` may do to the events what it likes.
  /// The order is by descriptor, then by signal, then the timers, then the
  /// rest.
  /// \libevent{event.c,event_base_foreach_event}
  bool for_each_event(
      const std::function<bool(const event_info&)>& visit) const;

  /// From now on other threads may use the base too. Until then it has no lock,
  /// and no descriptor by which its loop could be woken. Requires that no other
  /// thread uses it yet, and that it is not called in a callback.
  /// \throws std::system_error when there are no descriptors for it.
  /// \libevent{event.c,evthread_make_base_notifiable}
  void make_notifiable();

  /// Calls `function`, anything that can be moved and called without arguments,
  /// once in the loop, as an event of the middle priority would be: in its next
  /// turn, each in the order in which its thread has posted it. What a thread
  /// did before it posted, the function sees.
  ///
  /// Any thread may post, after make_notifiable(). A loop that sleeps is woken
  /// once for all that is posted meanwhile. Work that is posted keeps the loop
  /// running. What the base has not called when it is destroyed is destroyed,
  /// too, and not called; and so is what that posts.
  ///
  /// An exception that the function throws leaves the loop; the rest stays due.
  /// Tasks that are due are one event to num_events(), for_each_event() and
  /// running_event(), which has no descriptor.
  /// A function of at most two words that owns nothing costs no allocation, once
  /// as many have been posted together before.
  /// \throws std::bad_alloc when there is no memory; then nothing is posted.
  template <class F>
  void post(F&& function) {
    using held = std::decay_t<F>;
    static_assert(std::is_invocable_v<held&>,
                  "what is posted is called without arguments");
    if (tasks_.push(std::forward<F>(function), wakers_)) wake();
  }

  /// Writes a line for each event that is added or due.
  /// \libevent{event.c,event_base_dump_events}
  void dump_events(std::ostream& out) const;

  /// Looks at every structure of the base, at some expense.
  /// \throws std::logic_error when they contradict each other: the program has
  ///     written where it should not.
  /// \libevent{event.c,event_base_assert_ok_}
  void self_check() const;

 private:
  friend class common_timeout;
  friend class event;
  friend class event_access;
  friend class evsig;
  friend class notifier;
  class run;
  class running_scope;
  class sleeping;
  class locked;

  // An event that only the base holds, for once().
  // \libevent{event-internal.h,event_once}
  struct event_once {
    // Calls `then` by way of call_once().
    event_once(event_base& base, int fd, what events, callback then);

    event ev;  // what to wait for
    callback function;  // the function to call then
    tailq_entry<event_once> next_once;  // on once_
  };

  void add(event& ev);  // for event::add()
  void add(event& ev, duration timeout);  // for the same with a timeout
  void add(event& ev, common_timeout& timeout);  // for a common timeout
  void add_internal(event& ev);  // an event called at once, and not counted
  inline void insert(event& ev, bool timed);
  void insert_number(event& ev);  // its descriptor or signal
  [[noreturn]] void refuse(const event& ev) const;  // throws the reason
  void del(event& ev) noexcept;  // takes it off all structures that it is on
  // Whether its callback was being called, and has been waited for.
  bool wait_for_callback(const event& ev) noexcept {
    return running_ == &ev && th_base_lock_.enabled() && wait_for_end();
  }
  bool wait_for_end() noexcept;
  inline void stop_waiting(event& ev) noexcept;  // off all but its queue
  void forget(event& ev) noexcept;  // for ~event()
  void finalize(event& ev, callback function);  // for event::finalize()
  inline void watch(event& ev);  // puts it on the map by its number
  inline void unwatch(event& ev) noexcept;  // takes it off the map
  void remove_timer(event& ev) noexcept;  // for event::remove_timer()
  inline void forget_timeout(event& ev) noexcept;  // and its period
  inline void schedule(event& ev, time_point due,
                       std::uint32_t sequence) noexcept;
  inline void put_on_heap(event& ev, time_point due,
                          std::uint32_t sequence) noexcept;
  void schedule_as(event& ev, const event* first) noexcept;
  void schedule_common(event& ev, time_point due,
                       std::uint32_t sequence) noexcept;
  inline void unschedule(event& ev) noexcept;  // it has no deadline any more
  void rearm(event& ev);
  void expire(event& ev);  // its deadline has passed
  void active(event& ev, what res);  // for event::active()
  void active_later(event& ev, what res);  // for event::active_later()
  void call_once(event_once& due, int fd, what fired);  // and frees it
  inline void require_priority(const event& ev) const;  // that its queue exists
  void set_priority(event& ev, int priority);  // for event::priority_set()
  std::uint8_t middle_priority() const noexcept;  // a new event's

  request asked() const noexcept;  // of this run, or else of the last one
  bool haveevents() const noexcept;  // whether there is a reason to go on
  inline bool drains() const noexcept;
  inline bool hurries() const noexcept;
  inline void fall_asleep() noexcept;  // signals end the wait from now on
  inline void wait();  // for the first thing that happens
  inline void wait(std::optional<duration> timeout);  // without the lock
  inline std::optional<duration> wait_timeout() noexcept;  // notes its end
  bool outdated() const noexcept;
  bool in_loop_thread() const noexcept;  // whether the caller is
  void wake() noexcept;  // ends the wait
  void end_due();  // calls what is being finalized, and deletes the rest
  void end_waiting() noexcept;  // deletes the events that wait
  inline void find_due();  // makes due what the wait found, and what has passed
  std::optional<duration> timeout_next() noexcept;  // for how long to sleep
  inline time_point gettime() noexcept;  // for now()
  inline void activate(const ready& r);  // makes due the events on it
  void evict(const ready& r);  // the same, a last time: it went bad
  inline void signal_process();  // makes due the events for caught signals
  void deliver(int signo, int ncalls);  // to all events for it
  void add_calls(event& ev, int ncalls) noexcept;  // deliveries, to one
  void timeout_process();  // makes due the events with a passed deadline
  void task_process();
  void run_tasks();  // the callback of posted_
  inline void activate(event& ev, what res);  // the event is due, for that too
  bool process_active();  // calls the due events; whether any was
  inline bool interrupted() noexcept;
  inline bool process_active_single_queue(std::size_t priority);  // of a queue
  inline void limit_dispatch() noexcept;
  void mark_running(event& ev) noexcept;  // in its flags
  void unask(event& ev) noexcept;  // active() has to ask again
  inline void end_call() noexcept;
  inline void call(event& ev);  // calls its callback
  inline void mark(event& ev, evlist state) noexcept;  // counts the event
  inline void unmark(event& ev, evlist state) noexcept;  // the reverse
  void visit(const std::function<void(const event&)>& each) const;

  mutable evthread_lock th_base_lock_;  // for all that is not atomic

  // What is watched, and the events that are due.
  std::unique_ptr<eventop> evsel_;  // the backend
  evmap io_;  // the events on each descriptor
  active_queues activequeues_;  // the events that are due
  counter event_count_;  // of the events that wait for something
  tailq<event_once, &event_once::next_once> once_;  // events of the base

  // Time.
  min_heap timeheap_;  // the events with a deadline of their own
  std::vector<std::unique_ptr<common_timeout>> common_timeouts_;  // by index
  event exit_timer_;  // for loopexit() with a delay
  std::uint32_t sequence_ = 0;  // of the timeout given last
  clock_reader clock_;  // how to tell the time
  time_point time_cache_{};  // the last reading
  bool cached_ = false;  // it serves until the callback ends
  bool caches_time_ = true;  // a reading serves that long at all

  // Signals.
  std::atomic<bool> asleep_{false};  // a handler has to end the wait
  evsig evsig_{*this, asleep_};  // the events for each signal

  // Other threads.
  // A wait knows what is watched meanwhile.
  const bool changes_at_once_ = evsel_->changes_at_once();
  bool changed_ = false;  // what is watched, since the wait has begun
  std::atomic<bool> wakeable_{false};  // a thread has to end the wait
  std::atomic<int> wakers_{0};  // threads that may still be doing so
  time_point wait_end_{};  // when the wait ends by itself
  std::unique_ptr<notifier> notifier_;  // what ends the wait
  std::thread::id th_owner_id_;  // the thread that runs the loop
  evthread_fence current_event_;  // where threads wait for a callback's end
  task_queue tasks_;  // what has been posted
  // Is due while there are tasks.
  event posted_{*this, -1, what::persist, [this] { run_tasks(); }};

  // The run in progress.
  event* running_ = nullptr;  // the event that is being called
  bool marked_ = false;  // its flags say so
  std::size_t running_priority_ = 0;  // the queue that is being served
  loop_flags flags_ = loop_flags::none;  // as loop() was told
  dispatch_limits limits_;  // how much a turn may call
  bool limited_ = false;  // a limit is set
  int callbacks_left_ = 0;  // callbacks this turn may still make
  time_point turn_end_{};  // when the turn has to end
  bool running_loop_ = false;  // a run is in progress
  request requests_ = request::none;  // to this run, or to the next one
  request got_ = request::none;  // to the last run
};

/// For the length of a call of whatever thread: holds the lock of a base, and
/// afterwards ends the wait of its loop, if the call bears on it.
class event_base::locked {
 public:
  /// Waits until no other thread has the lock.
  explicit locked(event_base& base) : base_(base) { base.th_base_lock_.lock(); }
  ~locked() {
    if (!base_.th_base_lock_.enabled()) return;
    const bool wakes = base_.wakeable_.load() && base_.outdated();
    if (wakes) ++base_.wakers_;
    base_.th_base_lock_.unlock();
    if (!wakes) return;
    base_.wake();
  }
  locked(const locked&) = delete;

 private:
  event_base& base_;  // whose lock it holds
};

}  // namespace evolve
