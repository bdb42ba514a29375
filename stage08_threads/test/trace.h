/// \file
/// Scenarios, played on any backend, and the trace that they leave.
#pragma once

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/unique_fd.h"
#include "test/backends.h"
#include "test/manual_clock.h"
#include "test/pair.h"

namespace evolve {

/// What may be done in a scenario.
enum class deed {
  turn,  ///< the loop runs once, and whatever is due is called
  add,  ///< an event
  add_for,  ///< an event, with a timeout
  del,  ///< an event
  active,  ///< an event becomes due by hand
  send,  ///< a peer sends a byte
  receive,  ///< all that has come from a peer is read
  hang_up,  ///< a peer closes
  half_close,  ///< a peer will send no more
  replace,  ///< a socket is closed, and another opened
  duplicate,  ///< a socket gets a second descriptor, which stays open
  advance,  ///< time passes
  raise,  ///< a signal comes
};
constexpr const char* deed_names[] = {
    "turn",      "add",     "add_for", "del",        "active",
    "send",      "receive", "hang_up", "half_close", "replace",
    "duplicate", "advance", "raise"};

/// One step of a scenario.
struct step {
  deed what_is_done;
  std::size_t which;  ///< event or socket, as far as there are so many
  int amount;  ///< of milliseconds
};

using scenario = std::vector<step>;

/// The scenario of that number: always the same.
inline scenario make_scenario(unsigned seed) {
  constexpr std::size_t length = 40;
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return random() % n; };
  scenario made;
  while (made.size() < length) {
    const bool turn = below(3) == 0;
    made.push_back(
        {turn ? deed::turn
              : static_cast<deed>(1 + below(std::size(deed_names) - 1)),
         below(64), static_cast<int>(below(30))});
  }
  made.push_back({deed::turn, 0, 0});
  return made;
}

/// `steps` in words.
inline std::string to_string(const scenario& steps) {
  std::string words;
  for (const step& s : steps) {
    words += "  ";
    words += deed_names[static_cast<std::size_t>(s.what_is_done)];
    words +=
        ' ' + std::to_string(s.which) + ' ' + std::to_string(s.amount) + '\n';
  }
  return words;
}

/// A base with sockets, timers, a signal, and the events on them.
class world {
 public:
  /// On `evsel`; with events for what `extra` names.
  world(std::unique_ptr<eventop> evsel, feature extra)
      : base_(std::move(evsel)), extra_(extra) {
    manual_clock::zero();
    base_.set_clock(manual_clock::read);
    for (std::size_t at = 0; at < sockets; ++at) open(at);
    make(timers, -1, what::none);
    make(timers + 1, -1, what::persist);
    make(timers + 2, SIGUSR1, what::signal | what::persist);
  }

  /// What was called in each turn, in the order of names, and what is pending
  /// after it.
  std::vector<std::string> play(const scenario& steps) {
    std::vector<std::string> trace;
    for (const step& s : steps) {
      if (s.what_is_done == deed::turn) {
        trace.push_back(turn());
      } else {
        do_(s);
      }
    }
    return trace;
  }

 private:
  static constexpr std::size_t sockets = 3;
  static constexpr std::size_t events_each = 4;
  static constexpr std::size_t timers = sockets * events_each;
  static constexpr std::size_t all = timers + 3;

  // The events of a socket have the same mode, so it is the last one's where
  // there are edges.
  void open(std::size_t at) {
    pairs_[at].emplace();
    const int fd = pairs_[at]->a();
    const std::size_t first = at * events_each;
    if (any(extra_ & feature::et) && at + 1 == sockets) {
      for (std::size_t i = 0; i < events_each; ++i) {
        make(first + i, fd, what::read | what::et | what::persist);
      }
      return;
    }
    const bool closed = any(extra_ & feature::early_close);
    make(first, fd, what::read | what::persist);
    make(first + 1, fd, what::write);
    make(first + 2, fd, what::read);
    make(first + 3, fd, closed ? what::closed | what::persist : what::write);
  }

  void make(std::size_t i, int fd, what events) {
    events_[i].emplace(base_, fd, events,
                       [this, i](what fired) { called(i, fired); });
  }

  // The third event of a socket deletes the first and adds the second; what is
  // done to those of other descriptors would depend on the order of these.
  void called(std::size_t i, what fired) {
    calls_.push_back(std::to_string(i) + ':' + evolve::to_string(fired));
    if (i < timers && i % events_each == 2) {
      events_[i - 2]->del();
      events_[i - 1]->add();
    }
  }

  void do_(const step& s) {
    event& ev = *events_[s.which % all];
    std::optional<pair>& socket = pairs_[s.which % sockets];
    switch (s.what_is_done) {
      case deed::turn:
        break;
      case deed::add:
        return add(ev);
      case deed::add_for:
        return ev.add(std::chrono::milliseconds(s.amount));
      case deed::del:
        return ev.del();
      case deed::active:
        return ev.active(what::timeout);
      case deed::send:
        return send(*socket);
      case deed::receive:
        return static_cast<void>(socket->receive());
      case deed::hang_up:
        return socket->close_b();
      case deed::half_close:
        return static_cast<void>(::shutdown(socket->b(), SHUT_WR));
      case deed::replace:
        return replace(s.which % sockets);
      case deed::duplicate:
        return duplicate(*socket);
      case deed::advance:
        return manual_clock::advance(std::chrono::milliseconds(s.amount));
      case deed::raise:
        return raise();
    }
  }

  static void add(event& ev) {
    const bool timer = !any(ev.events() & (any_io | what::signal));
    timer ? ev.add(std::chrono::milliseconds(7)) : ev.add();
  }

  static void send(const pair& socket) {
    ::send(socket.b(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
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
  void duplicate(const pair& socket) {
    if (any(extra_ & feature::et)) return;
    duplicates_.emplace_back(::dup(socket.a()));
  }

  // Not twice before a turn, since a kernel may make one of two; and not when
  // no event waits for it.
  void raise() {
    if (raised_ || !any(events_[all - 1]->pending(what::signal))) return;
    raised_ = true;
    ::raise(SIGUSR1);
  }

  std::string turn() {
    raised_ = false;
    base_.loop(loop_flags::nonblock);
    std::sort(calls_.begin(), calls_.end());
    std::string line;
    for (const std::string& call : std::exchange(calls_, {}))
      line += call + ' ';
    line += '/';
    for (const auto& ev : events_) {
      line += ' ' + std::to_string(static_cast<unsigned>(ev->pending()));
    }
    return line;
  }

  event_base base_;
  feature extra_;
  std::vector<unique_fd> duplicates_;
  std::array<std::optional<pair>, sockets> pairs_;
  std::array<std::optional<event>, all> events_;
  std::vector<std::string> calls_;  // in this turn
  bool raised_ = false;  // since the last turn
};

/// The steps that are left when all that are not needed for `fails` are taken
/// out of `steps`.
template <class F>
scenario shrink(scenario steps, F fails) {
  for (std::size_t size = steps.size() / 2; size > 0; size /= 2) {
    for (std::size_t at = 0; at + size <= steps.size();) {
      scenario fewer = steps;
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(size));
      if (fails(fewer)) {
        steps = std::move(fewer);
      } else {
        at += size;
      }
    }
  }
  return steps;
}

}  // namespace evolve
