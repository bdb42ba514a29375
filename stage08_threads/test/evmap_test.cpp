#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/evmap.h"
#include "test/fake_eventop.h"
#include "test/pair.h"
#include "test/recorded_log.h"
#include "test/thrown.h"

namespace evolve {
namespace {

/// A map on a backend that asks no kernel. The base only makes the events: it
/// never hears that they are on the map, and does not take them off.
class Evmap : public ::testing::Test {
 protected:
  /// An event that waits on the descriptor that can be read.
  event on_a(what events) {
    return event(base, fds.a(), events, [] {});
  }

  /// "add 3 none->read", for that descriptor.
  std::string told(const char* call, const char* change) const {
    return std::string(call) + ' ' + std::to_string(fds.a()) + ' ' + change;
  }

  /// The events that wait on that descriptor.
  std::vector<const event*> waiting() const {
    std::vector<const event*> events;
    for (const event& ev : map.waiting_on(fds.a())) events.push_back(&ev);
    return events;
  }

  void add(event& ev) { map.add(evsel, ev); }
  void del(event& ev) noexcept { map.del(evsel, ev); }

  /// Adds an event on `fd`, and deletes it again.
  void try_to_add(int fd) {
    event ev(base, fd, what::read, [] {});
    add(ev);
    del(ev);
  }

  using calls = std::vector<std::string>;
  using order = std::vector<const event*>;

  pair fds;
  fake_kernel kernel;
  fake_eventop evsel{kernel};
  evmap map;
  event_base base;
};

TEST_F(Evmap, TellsTheBackendOfTheFirstEventAndOfTheLast) {
  event first = on_a(what::read);
  event second = on_a(what::read);

  add(first);
  add(second);
  EXPECT_EQ(kernel.calls, calls{told("add", "none->read")});

  del(first);
  EXPECT_EQ(kernel.calls.size(), 1u);
  del(second);
  EXPECT_EQ(kernel.calls.at(1), told("del", "read->none"));
}

TEST_F(Evmap, TellsTheBackendOfEachDirectionByItself) {
  event reader = on_a(what::read);
  event writer = on_a(what::write | what::persist);

  add(reader);
  add(writer);
  del(reader);
  del(writer);

  EXPECT_EQ(
      kernel.calls,
      (calls{told("add", "none->read"), told("add", "read->read|write"),
             told("del", "read|write->write"), told("del", "write->none")}));
}

TEST_F(Evmap, CountsAnEventForBothOfItsDirections) {
  event reader = on_a(what::read);
  event both = on_a(what::read | what::write);

  add(both);
  add(reader);
  del(both);
  del(reader);

  EXPECT_EQ(kernel.calls, (calls{told("add", "none->read|write"),
                                 told("del", "read|write->read"),
                                 told("del", "read->none")}));
}

TEST_F(Evmap, KeepsTheEventsOfADescriptorInTheOrderOfAdding) {
  event a = on_a(what::read);
  event b = on_a(what::write);
  event c = on_a(what::read);
  for (event* ev : {&a, &b, &c}) add(*ev);
  EXPECT_EQ(waiting(), (order{&a, &b, &c}));

  del(a);
  add(a);

  EXPECT_EQ(waiting(), (order{&b, &c, &a}));
  for (event* ev : {&a, &b, &c}) del(*ev);
}

// As many as that, and a counter of 16 bits would be 0 again.
TEST_F(Evmap, Holds65536EventsThatWaitForTheSame) {
  std::deque<event> many;
  for (int i = 0; i < 65536; ++i) {
    add(many.emplace_back(base, fds.a(), what::read, [] {}));
  }
  EXPECT_EQ(kernel.calls, calls{told("add", "none->read")});
  map.self_check();

  for (event& ev : many) del(ev);
  EXPECT_EQ(kernel.calls.size(), 2u);
  EXPECT_EQ(kernel.calls.back(), told("del", "read->none"));
}

TEST_F(Evmap, ARefusedAddLeavesTheMapAsItWas) {
  event reader = on_a(what::read);
  event writer = on_a(what::write);
  add(reader);

  kernel.refuse = ENOMEM;
  EXPECT_EQ(error_of([&] { add(writer); }).value(), ENOMEM);

  EXPECT_EQ(waiting(), order{&reader});
  map.self_check();
  del(reader);
  EXPECT_EQ(kernel.calls.at(1), told("del", "read->none"));
}

TEST_F(Evmap, ARefusedAddCanBeTriedAgain) {
  kernel.refuse = EPERM;
  EXPECT_EQ(error_of([&] { try_to_add(fds.a()); }).value(), EPERM);

  kernel.refuse = 0;
  try_to_add(fds.a());

  EXPECT_EQ(kernel.calls,
            (calls{told("add", "none->read"), told("del", "read->none")}));
}

TEST_F(Evmap, LogsARefusedAddForTheCurious) {
  const recorded_log messages;

  kernel.refuse = EPERM;
  const std::string refusal = message_of([&] { try_to_add(fds.a()); });

  ASSERT_EQ(messages.received().size(), 1u);
  const auto& [level, message] = messages.received()[0];
  EXPECT_EQ(level, severity::debug);
  EXPECT_EQ(message, "fake: " + refusal);
}

TEST_F(Evmap, MakesNoTableForANumberThatIsNoDescriptor) {
  EXPECT_EQ(error_of([&] { try_to_add(INT_MAX); }).value(), EBADF);
  EXPECT_EQ(error_of([&] { try_to_add(-1); }).value(), EBADF);

  EXPECT_EQ(map.size(), 0);
  EXPECT_EQ(kernel.calls, calls{});
}

TEST_F(Evmap, GrowsToTheGreatestDescriptorAndKeepsWhatItHolds) {
  event low = on_a(what::read);
  add(low);

  const int high = ::fcntl(fds.a(), F_DUPFD, 500);
  ASSERT_GE(high, 500);
  try_to_add(high);
  ::close(high);

  EXPECT_EQ(map.size(), high + 1);
  EXPECT_TRUE(map.waiting_on(high - 1).empty());
  EXPECT_EQ(waiting(), order{&low});
  del(low);
}

/// An event's private member: access is not checked where an explicit
/// instantiation names it.
template <auto Member>
struct break_in {
  friend what& events_of(event& ev) { return ev.*Member; }
};
what& events_of(event& ev);
template struct break_in<&event::events_>;

TEST_F(Evmap, SelfCheckNoticesAnEventThatWasOverwritten) {
  event ev = on_a(what::read);
  add(ev);
  EXPECT_NO_THROW(map.self_check());

  for (const what wrong : {what::none, what::write, what::read | what::write}) {
    events_of(ev) = wrong;
    EXPECT_THROW(map.self_check(), std::logic_error);
  }

  events_of(ev) = what::read;
  del(ev);
}

TEST_F(Evmap, RefusesByNameWhatTheBackendCannotTell) {
  event ev = on_a(what::read | what::closed);

  EXPECT_THROW(add(ev), std::invalid_argument);
  EXPECT_NE(message_of([&] { add(ev); }).find("fake"), std::string::npos);

  EXPECT_EQ(kernel.calls, calls{});
  EXPECT_EQ(waiting(), order{});
  EXPECT_NO_THROW(map.self_check());
}

TEST_F(Evmap, TellsTheBackendOfACloseByItself) {
  kernel.features = feature::early_close;
  event closes = on_a(what::closed);
  event reads = on_a(what::read);
  event both = on_a(what::read | what::closed);
  for (event* ev : {&closes, &reads, &both}) add(*ev);
  for (event* ev : {&closes, &both, &reads}) del(*ev);

  EXPECT_EQ(
      kernel.calls,
      (calls{told("add", "none->closed"), told("add", "closed->read|closed"),
             told("del", "read|closed->read"), told("del", "read->none")}));
}

TEST_F(Evmap, SelfCheckCountsWhoWaitsForAClose) {
  kernel.features = feature::early_close;
  event ev = on_a(what::closed);
  add(ev);
  EXPECT_NO_THROW(map.self_check());

  events_of(ev) = what::none;
  EXPECT_THROW(map.self_check(), std::logic_error);

  events_of(ev) = what::closed;
  del(ev);
}

TEST_F(Evmap, TellsTheBackendOfEdgesUntilTheLastEventIsGone) {
  event reads = on_a(what::read | what::et);
  event writes = on_a(what::write | what::et);
  for (event* ev : {&reads, &writes}) add(*ev);
  for (event* ev : {&reads, &writes}) del(*ev);

  EXPECT_EQ(kernel.calls, (calls{told("add", "none->read|et"),
                                 told("add", "read|et->read|write|et"),
                                 told("del", "read|write|et->write|et"),
                                 told("del", "write|et->none")}));
}

TEST_F(Evmap, RefusesEventsThatDoNotAgreeAboutEdges) {
  for (const what mode : {what::none, what::et}) {
    const what other = any(mode) ? what::none : what::et;
    event first = on_a(what::read | mode);
    event second = on_a(what::read | other);
    event writer = on_a(what::write | other);
    add(first);
    const calls before = kernel.calls;

    EXPECT_THROW(add(second), std::invalid_argument);
    EXPECT_THROW(add(writer), std::invalid_argument);

    EXPECT_EQ(kernel.calls, before);
    EXPECT_EQ(waiting(), order{&first});
    EXPECT_NO_THROW(map.self_check());
    del(first);
  }
}

TEST_F(Evmap, SaysOnWhichDescriptorTheEventsDoNotAgree) {
  event level = on_a(what::read);
  event edge = on_a(what::read | what::et);
  add(level);

  EXPECT_NE(message_of([&] {
              add(edge);
            }).find("descriptor " + std::to_string(fds.a())),
            std::string::npos);
  del(level);
}

TEST_F(Evmap, LetsTheNextEventsAgreeOnSomethingElse) {
  event level = on_a(what::read);
  event edge = on_a(what::read | what::et);
  add(level);
  del(level);

  EXPECT_NO_THROW(add(edge));
  del(edge);
}

// The event that is new may be for a new file of an old number.
TEST_F(Evmap, HasABackendThatRemembersMakeSureForEachNewEvent) {
  kernel.features = feature::o1;
  event first = on_a(what::read);
  event second = on_a(what::read);
  for (event* ev : {&first, &second}) add(*ev);
  for (event* ev : {&first, &second}) del(*ev);

  EXPECT_EQ(kernel.calls,
            (calls{told("add", "none->read"), told("add", "read->read"),
                   told("del", "read->none")}));
}

TEST_F(Evmap, LeavesOutAnEventOfWhichTheBackendCannotMakeSure) {
  kernel.features = feature::o1;
  event first = on_a(what::read);
  event second = on_a(what::read);
  add(first);
  kernel.refuse = EBADF;

  EXPECT_EQ(error_of([&] { add(second); }).value(), EBADF);

  EXPECT_EQ(waiting(), order{&first});
  EXPECT_NO_THROW(map.self_check());
  del(first);
}

}  // namespace
}  // namespace evolve
