#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/unique_fd.h"
#include "test/backends.h"
#include "test/backends_with.h"
#include "test/meddled_eventop.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/signals.h"

namespace evolve {
namespace {

/// A number that leads to one end of a connection, and then to another's.
class reused_end {
 public:
  /// Takes `number` or, if that is in use, the next one that is free.
  explicit reused_end(int number = 0)
      : fd_(::fcntl(ends_->a(), F_DUPFD, number)), number_(fd_.get()) {
    ends_->close_a();
  }

  int fd() const { return number_; }

  void send() const { ends_->send(); }
  void hang_up() { ends_->close_b(); }

  /// Sends to the peer until there is no more room.
  void fill() const {
    std::array<char, 4096> bytes{};
    while (::write(fd(), bytes.data(), bytes.size()) > 0) continue;
  }

  /// Has the peer make room again.
  void make_room() const {
    std::array<char, 4096> bytes;
    while (::read(ends_->b(), bytes.data(), bytes.size()) > 0) continue;
  }

  void close() { fd_ = unique_fd(); }

  /// The number leads to another connection's end now.
  void reopen() {
    close();
    fd_ = unique_fd(::fcntl(next_->a(), F_DUPFD, number_));
    EXPECT_EQ(fd_.get(), number_);
    next_->close_a();
    ends_ = std::move(next_);
  }

 private:
  std::unique_ptr<pair> ends_ = std::make_unique<pair>();
  std::unique_ptr<pair> next_ = std::make_unique<pair>();
  unique_fd fd_;
  int number_;
};

/// Events on a number that another thread gives another file, when the kernel
/// has said something of it and the loop has not looked at that yet.
class Meddled : signals_restored, public ::testing::TestWithParam<const char*> {
 protected:
  Meddled() { base.make_notifiable(); }

  void turn() {
    base.loop(loop_flags::nonblock | loop_flags::no_exit_on_empty);
  }
  void turns() {
    for (int i = 0; i < 3; ++i) turn();
  }

  /// All that the backend can tell of beside `events`.
  what and_closed(what events) const {
    const bool can = any(base.features() & feature::early_close);
    return can ? events | what::closed : events;
  }

  void emplace(std::optional<event>& ev, what events) {
    ev.emplace(base, end.fd(), events | what::persist,
               [this](what fired) { called(fired); });
    ev->add();
  }

  void called(what fired) {
    trace += trace.empty() ? "" : " ";
    trace += evolve::to_string(fired);
  }

  meddling other;
  event_base base{
      std::make_unique<meddled_eventop>(make_backend(GetParam()), other)};
  reused_end end;
  std::optional<event> old_one;
  std::optional<event> new_one;
  std::string trace;  // what the events were told
};
INSTANTIATE_TEST_SUITE_P(Backends, Meddled, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Meddled, ANewFileIsNotToldOfTheHangupOfTheOldOne) {
  emplace(old_one, and_closed(what::read));
  turn();
  end.hang_up();
  other.after = [this] {
    old_one.reset();
    end.reopen();
    emplace(new_one, and_closed(what::read));
  };

  turns();
  EXPECT_EQ(trace, "");

  end.send();
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, ANewFileIsNotToldThatTheOldOneCouldBeRead) {
  emplace(old_one, what::read);
  end.send();
  other.after = [this] {
    old_one.reset();
    end.reopen();
    emplace(new_one, what::read);
  };

  turns();
  EXPECT_EQ(trace, "");

  end.hang_up();
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, ANewFileIsNotToldThatTheOldOneCouldBeWritten) {
  emplace(old_one, what::write);
  other.after = [this] {
    old_one.reset();
    end.reopen();
    end.fill();
    emplace(new_one, what::write);
  };

  turns();
  EXPECT_EQ(trace, "");

  end.make_room();
  turn();
  EXPECT_EQ(trace, "write");
}

TEST_P(Meddled, TheSameEventIsNotToldOfTheOldFileEither) {
  emplace(old_one, what::read);
  end.send();
  other.after = [this] {
    old_one->del();
    end.reopen();
    old_one->add();
  };

  turns();
  EXPECT_EQ(trace, "");

  end.send();
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, ANewFileIsNotToldOfTheOldOneThoughADuplicateIsOpen) {
  emplace(old_one, what::read);
  end.send();
  unique_fd kept;
  other.after = [this, &kept] {
    kept = unique_fd(::dup(end.fd()));
    old_one.reset();
    end.reopen();
    emplace(new_one, what::read);
  };

  turns();
  EXPECT_EQ(trace, "");

  end.send();
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, NothingIsToldOfANumberThatIsNoMore) {
  const recorded_log log;
  emplace(old_one, what::read);
  end.send();
  other.after = [this] {
    old_one.reset();
    end.close();
  };

  turns();

  EXPECT_EQ(trace, "");
  EXPECT_EQ(log.received().size(), 0u);
}

TEST_P(Meddled, WhatHasComeForANewFileIsToldWithTheNextTurnAtTheLatest) {
  emplace(old_one, what::read);
  end.send();
  other.after = [this] {
    old_one.reset();
    end.reopen();
    end.send();
    emplace(new_one, what::read);
  };

  turn();
  turn();
  EXPECT_NE(trace, "");

  trace = "";
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, AnEventThatIsAddedAgainIsToldWithTheNextTurnAtTheLatest) {
  emplace(old_one, what::read);
  end.send();
  other.after = [this] {
    old_one->del();
    old_one->add();
  };

  turn();
  turn();
  EXPECT_NE(trace, "");

  trace = "";
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, WhoComesAndGoesBesideAnEventKeepsNothingFromIt) {
  emplace(old_one, what::read);
  end.send();
  event beside(base, end.fd(), what::write, [] {});
  for (int i = 1; i <= 10; ++i) {
    other.after = [&beside] {
      beside.add();
      beside.del();
      beside.add();
    };
    turn();
    beside.del();
  }

  EXPECT_EQ(trace, "read read read read read read read read read read");
}

TEST_P(Meddled, ABadNumberIsNotLaidToTheFileThatHasItNow) {
  const recorded_log quiet;
  event reader(base, end.fd(), what::read | what::persist, [] {});
  event writer(base, end.fd(), what::write | what::persist, [] {});
  reader.add();
  turn();
  writer.add();
  end.close();  // a mistake, with events on it
  other.after = [this] {
    end.reopen();
    emplace(new_one, what::read);
  };

  turns();
  EXPECT_EQ(trace, "");
  EXPECT_EQ(new_one->pending(), what::read);

  end.send();
  turn();
  EXPECT_EQ(trace, "read");
}

TEST_P(Meddled, ASignalIsToldThoughItsNumberIsANewDescriptors) {
  const reused_end same(SIGUSR2);
  const int signo = same.fd();
  if (signo >= NSIG) GTEST_SKIP() << "all those numbers are in use";
  const counting_handler own{signo};  // what comes too late ends nothing
  int calls = 0;
  event comes = event::signal(base, signo, [&calls] { ++calls; });
  event reader(base, same.fd(), what::read, [this] { called(what::read); });
  comes.add();
  turn();
  ::raise(signo);
  other.after = [&reader] { reader.add(); };

  turns();

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(trace, "");
}

/// How another thread adds an event whose descriptor can be read already.
struct late_add {
  const char* name;
  bool before;  ///< before the kernel is asked, or when it has answered
  bool known;  ///< there has been an event on that number
};

/// An edge comes once. If it is lost, it is lost for good.
class MeddledEdges
    : public ::testing::TestWithParam<std::tuple<const char*, late_add>> {
 protected:
  MeddledEdges() { base.make_notifiable(); }

  void turn() {
    base.loop(loop_flags::nonblock | loop_flags::no_exit_on_empty);
  }

  static constexpr what edges = what::read | what::persist | what::et;

  meddling other;
  event_base base{std::make_unique<meddled_eventop>(
      make_backend(std::get<0>(GetParam())), other)};
  pair fds;
  int calls = 0;
  std::optional<event> ev;
};
INSTANTIATE_TEST_SUITE_P(
    Backends, MeddledEdges,
    ::testing::Combine(::testing::ValuesIn(backends_with(feature::et)),
                       ::testing::Values(late_add{"before", true, false},
                                         late_add{"before_again", true, true},
                                         late_add{"after", false, false},
                                         late_add{"after_again", false, true})),
    [](const auto& each) {
      return backend_name({std::get<0>(each.param), 0}) + '_' +
             std::get<1>(each.param).name;
    });

TEST_P(MeddledEdges, AreToldOnceOfWhatIsThereWhenAnEventIsAdded) {
  const late_add how = std::get<1>(GetParam());
  fds.send();
  if (how.known) {
    ev.emplace(base, fds.a(), edges, [] {});
    ev->add();
    turn();
    ev.reset();
    turn();
  }
  (how.before ? other.before : other.after) = [this] {
    ev.emplace(base, fds.a(), edges, [this] { ++calls; });
    ev->add();
  };

  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(calls, 1);

  fds.send();
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(calls, 2);
}

TEST_P(MeddledEdges, AreToldOnceOfWhatWasOnItsWayWhenAnEventIsAddedAgain) {
  const late_add how = std::get<1>(GetParam());
  ev.emplace(base, fds.a(), edges, [this] { ++calls; });
  ev->add();
  if (how.known) turn();
  fds.send();
  (how.before ? other.before : other.after) = [this] {
    ev->del();
    ev->add();
  };

  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(calls, 1);

  fds.send();
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace evolve
