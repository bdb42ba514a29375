#include "evolve/event_base.h"

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

#include "evolve/fail.h"

namespace evolve {

// The run of a loop, from its beginning to its end by whatever way.
class event_base::run {
 public:
  explicit run(event_base& base) : base_(base) {
    if (base.running_loop_) {
      throw std::logic_error("event_base: the loop is running already");
    }
    base.running_loop_ = true;
  }
  ~run() { base_.running_loop_ = false; }
  run(const run&) = delete;

 private:
  event_base& base_;
};

event_base::event_base() : event_base(supported_methods().front().make()) {}

event_base::event_base(std::string_view method)
    : event_base(make_eventop(method)) {}

event_base::event_base(std::unique_ptr<eventop> evsel)
    : evsel_(evsel ? std::move(evsel)
                   : throw std::invalid_argument("event_base: no backend")) {}

event_base::~event_base() {
  for (int fd = 0; fd < by_fd_.size(); ++fd) {
    if (by_fd_[fd]) del(*by_fd_[fd]);
  }
  while (!activequeues_.empty()) del(activequeues_.front());
}

loop_result event_base::dispatch() {
  const run guard(*this);
  while (haveevents()) {
    evsel_->prepare();
    evsel_->wait(timeout_next());
    for (const ready& r : evsel_->collect()) activate(r);
    process_active();
  }
  return loop_result::no_events;
}

void event_base::add(event& ev) {
  if (!any(ev.events_ & any_io)) {
    throw std::invalid_argument("event::add: there is nothing to wait for");
  }
  if (any(ev.flags_ & evlist::inserted)) return;
  watch(ev);
  mark(ev, evlist::inserted);
  // The event is watched again: that it is not must not be told any more.
  if (any(ev.flags_ & evlist::active) && ev.res_ == what::unwatched) {
    activequeues_.remove(ev);
  }
}

void event_base::del(event& ev) noexcept {
  if (any(ev.flags_ & evlist::active)) activequeues_.remove(ev);
  if (any(ev.flags_ & evlist::inserted)) {
    unwatch(ev);
    unmark(ev, evlist::inserted);
  }
}

inline void event_base::watch(event& ev) {
  event*& place = by_fd_.reserve(ev.fd_);
  if (place) {
    fail(EEXIST, "event::add: another event waits on descriptor " +
                     std::to_string(ev.fd_));
  }
  evsel_->add(ev.fd_, what::none, ev.events_ & any_io);
  place = &ev;
}

inline void event_base::unwatch(event& ev) noexcept {
  by_fd_[ev.fd_] = nullptr;
  evsel_->del(ev.fd_, ev.events_ & any_io, what::none);
}

bool event_base::haveevents() const noexcept {
  return event_count_ > 0 || !activequeues_.empty();
}

std::optional<std::chrono::nanoseconds> event_base::timeout_next()
    const noexcept {
  if (!activequeues_.empty()) return std::chrono::nanoseconds(0);
  return std::nullopt;
}

// Inline, like all that this file alone calls for each event.
inline void event_base::activate(const ready& r) {
  event& ev = *by_fd_[r.fd];
  if (r.error == 0) return activate(ev, ev.events_ & r.fired);
  del(ev);
  activate(ev, what::unwatched);
}

inline void event_base::activate(event& ev, what res) {
  if (any(ev.flags_ & evlist::active)) {
    ev.res_ |= res;
    return;
  }
  ev.res_ = res;
  activequeues_.insert(ev);
}

void event_base::process_active() {
  while (!activequeues_.empty()) call(activequeues_.front());
}

// The event may be destroyed by its callback, which is why that is copied.
inline void event_base::call(event& ev) {
  const int fd = ev.fd_;
  const what res = ev.res_;
  activequeues_.remove(ev);
  if (!any(ev.events_ & what::persist)) del(ev);
  const callback function = ev.callback_;
  function(fd, res);
}

inline void event_base::mark(event& ev, evlist state) noexcept {
  ev.flags_ |= state;
  ++event_count_;
}

inline void event_base::unmark(event& ev, evlist state) noexcept {
  ev.flags_ &= ~state;
  --event_count_;
}

}  // namespace evolve
