/// \file
/// Scenarios in which another thread has a hand, and a model that judges them.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/unique_fd.h"
#include "test/meddled_eventop.h"
#include "test/pair.h"
#include "test/trace.h"

namespace evolve {

#ifdef POLLRDHUP
constexpr int peer_closed = POLLRDHUP;
#else
constexpr int peer_closed = 0;  // not to be had on this system
#endif

/// A base with sockets and the events on them. Of the deeds before a turn, one
/// in three is done by another thread before the kernel is asked, and one in
/// three when it has answered but the loop has not looked at the answer yet.
///
/// The model asks poll(). An event may be called for what was true of *its*
/// file when the kernel answered, or is true now; and must be called for what
/// stays true. Where edges are told, it is called at most once for each cause,
/// and at least once after the last.
class meddled_world {
 public:
  /// On `evsel`; with events for what `extra` names.
  meddled_world(std::unique_ptr<eventop> evsel, feature extra)
      : base_(std::make_unique<meddled_eventop>(std::move(evsel), other_)),
        extra_(extra) {
    base_.make_notifiable();
    for (std::size_t at = 0; at < sockets; ++at) open(at);
  }

  /// What is wrong with what is called when `steps` are done, and in some quiet
  /// turns afterwards; nothing if nothing is.
  std::string play(const scenario& steps) {
    std::array<scenario, 3> parts;
    for (const step& s : steps) {
      if (s.what_is_done != deed::turn) {
        parts[static_cast<std::size_t>(s.amount) % parts.size()].push_back(s);
        continue;
      }
      turn(parts);
      parts = {};
    }
    for (int quiet = 0; quiet < 3; ++quiet) {
      for (auto& each : events_) each->fired = what::none;
      turn({});
    }
    for (std::size_t i = 0; i < all; ++i) expect_what_is_ready(i);
    return wrong_;
  }

 private:
  static constexpr std::size_t sockets = 3;
  static constexpr std::size_t events_each = 4;
  static constexpr std::size_t all = sockets * events_each;

  struct watcher {
    watcher(event_base& base, int fd, what events, callback function)
        : ev(base, fd, events, function) {}

    event ev;
    what answer = what::none;  // what the kernel could say of its file
    what fired = what::none;  // the conditions of its call
    int causes = 0;  // how often it may still be called for an edge
    bool owed = false;  // an edge, since the kernel's last answer
    bool owed_before = false;  // an edge of before that
  };

  static what state_of(int fd) {
    pollfd asked{fd, static_cast<short>(POLLIN | POLLOUT | peer_closed), 0};
    ::poll(&asked, 1, 0);
    if (asked.revents & (POLLERR | POLLHUP)) return any_io;
    what state = what::none;
    if (asked.revents & POLLIN) state |= what::read;
    if (asked.revents & POLLOUT) state |= what::write;
    if (asked.revents & peer_closed) state |= what::closed;
    return state;
  }

  static bool tells_edges(const watcher& w) {
    return any(w.ev.events() & what::et);
  }

  void open(std::size_t at) {
    pairs_[at].emplace();
    const bool closed = any(extra_ & feature::early_close);
    if (any(extra_ & feature::et) && at + 1 == sockets) {
      for (std::size_t i = 0; i < events_each; ++i) {
        make(at, i, what::read | what::et | what::persist);
      }
      return;
    }
    make(at, 0, what::read | what::persist);
    make(at, 1, what::write | what::persist);
    make(at, 2, what::read);
    make(at, 3, (closed ? what::closed : what::read) | what::persist);
  }

  void make(std::size_t at, std::size_t i, what events) {
    const std::size_t index = at * events_each + i;
    events_[index] = std::make_unique<watcher>(
        base_, pairs_[at]->a(), events,
        [this, index](what fired) { called(index, fired); });
  }

  void called(std::size_t index, what fired) {
    watcher& w = *events_[index];
    w.fired |= fired;
    const what may = w.answer | state_of(w.ev.fd());
    if (!any(fired) || any(fired & ~may)) {
      complain(index, "is told " + evolve::to_string(fired) +
                          ", but there is " + evolve::to_string(may));
    }
    if (!tells_edges(w)) return;
    w.owed_before = false;
    if (--w.causes < 0) complain(index, "is told of an edge again");
  }

  void complain(std::size_t index, const std::string& why) {
    wrong_ += "  turn " + std::to_string(turns_) + ": event " +
              std::to_string(index) + ' ' + why + '\n';
  }

  void turn(const std::array<scenario, 3>& parts) {
    ++turns_;
    do_all(parts[0]);
    other_.before = [&] {
      do_all(parts[1]);
      for (auto& each : events_) answer(*each);
    };
    other_.after = [&] { do_all(parts[2]); };
    base_.loop(loop_flags::nonblock | loop_flags::no_exit_on_empty);
    base_.self_check();
  }

  static void answer(watcher& w) {
    w.answer = state_of(w.ev.fd());
    w.owed_before |= std::exchange(w.owed, false);
  }

  // After quiet turns.
  void expect_what_is_ready(std::size_t index) {
    const watcher& w = *events_[index];
    const what due = w.ev.pending(any_io) & state_of(w.ev.fd());
    if (tells_edges(w)) {
      if (any(due) && w.owed_before) complain(index, "is not told of an edge");
    } else if (w.fired != due) {
      complain(index, "is told " + evolve::to_string(w.fired) + ", not " +
                          evolve::to_string(due));
    }
  }

  void do_all(const scenario& steps) {
    for (const step& s : steps) do_(s);
  }

  void do_(const step& s) {
    const std::size_t at = s.which % sockets;
    switch (s.what_is_done) {
      case deed::add:
      case deed::add_for:
        return add(s.which % all);
      case deed::del:
        return events_[s.which % all]->ev.del();
      case deed::send:
        return send(at);
      case deed::receive:
        return static_cast<void>(pairs_[at]->receive());
      case deed::hang_up:
        return end(at, [](pair& ends) { ends.close_b(); });
      case deed::half_close:
        return end(at, [](pair& ends) { ::shutdown(ends.b(), SHUT_WR); });
      case deed::replace:
      case deed::advance:
        return replace(at);
      case deed::duplicate:
        return duplicate(at);
      case deed::turn:
      case deed::active:
      case deed::raise:
        return;
    }
  }

  // The first time an event is added, the kernel tells all those of its socket
  // what is there already.
  void add(std::size_t index) {
    watcher& w = *events_[index];
    if (any(w.ev.pending())) return;
    w.ev.add();
    w.owed = true;
    const std::size_t first = index - index % events_each;
    for (std::size_t i = 0; i < events_each; ++i) ++events_[first + i]->causes;
  }

  void send(std::size_t at) {
    const int fd = pairs_[at]->b();
    if (::send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) cause(at, true);
  }

  void end(std::size_t at, void (*deed)(pair& ends)) {
    const what before = state_of(pairs_[at]->a());
    deed(*pairs_[at]);
    cause(at, state_of(pairs_[at]->a()) != before);
  }

  // Of an edge, which all that are added may be told of, or have to be.
  void cause(std::size_t at, bool owed) {
    for (std::size_t i = 0; i < events_each; ++i) {
      watcher& w = *events_[at * events_each + i];
      ++w.causes;
      w.owed |= owed && any(w.ev.pending());
    }
  }

  void replace(std::size_t at) {
    for (std::size_t i = 0; i < events_each; ++i) {
      events_[at * events_each + i].reset();
    }
    pairs_[at].reset();
    open(at);
  }

  // A backend that finds that a registration has outlived its descriptor may
  // begin anew, and tell of an edge again.
  void duplicate(std::size_t at) {
    if (any(extra_ & feature::et)) return;
    duplicates_.emplace_back(::dup(pairs_[at]->a()));
  }

  meddling other_;
  event_base base_;
  feature extra_;
  std::vector<unique_fd> duplicates_;
  std::array<std::optional<pair>, sockets> pairs_;
  std::array<std::unique_ptr<watcher>, all> events_;
  int turns_ = 0;
  std::string wrong_;  // a line each
};

}  // namespace evolve
