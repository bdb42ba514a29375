// A backend called "fair": it tells of one descriptor in a turn, and of all in
// their turn.

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "evolve/event_base.h"
#include "test/pair.h"

namespace evolve {
namespace {

/// Three descriptors that can be written to, at any time.
class Fair : public ::testing::Test {
 protected:
  Fair() {
    for (const pair& each : fds) op->add(each.a(), what::none, what::write);
  }

  /// The descriptors that one turn tells of.
  std::vector<int> turn() {
    op->prepare();
    op->wait(std::chrono::nanoseconds(0));
    std::vector<int> found;
    for (const ready& r : op->collect()) found.push_back(r.fd);
    return found;
  }

  std::unique_ptr<eventop> op = make_eventop("fair");
  std::array<pair, 3> fds;
};

TEST_F(Fair, SaysItsName) {
  EXPECT_STREQ(op->name(), "fair");
}

TEST_F(Fair, TellsOfOneDescriptorInATurnAndOfAllInTheirTurn) {
  std::set<int> found;
  for (std::size_t turns = 1; turns <= fds.size(); ++turns) {
    const std::vector<int> told = turn();
    ASSERT_EQ(told.size(), 1u);
    found.insert(told.begin(), told.end());
    EXPECT_EQ(found.size(), turns) << told[0] << " was told of before";
  }
  const std::vector<int> first_again = turn();
  ASSERT_EQ(first_again.size(), 1u);
  EXPECT_EQ(found.count(first_again[0]), 1u);
}

TEST_F(Fair, DoesNotTellOfWhatWasDeletedMeanwhile) {
  turn();

  op->del(fds[0].a(), what::write, what::none);
  op->del(fds[1].a(), what::write, what::none);

  EXPECT_EQ(turn(), std::vector<int>{fds[2].a()});
  EXPECT_EQ(turn(), std::vector<int>{fds[2].a()});
}

TEST_F(Fair, HoldsBackNoError) {
  const int closed = fds[1].a();
  fds[1].close_a();
  op->prepare();
  op->wait(std::chrono::nanoseconds(0));

  int errors = 0;
  int others = 0;
  for (const ready& r : op->collect()) {
    EXPECT_EQ(r.error, r.fd == closed ? EBADF : 0);
    ++(r.error != 0 ? errors : others);
  }

  EXPECT_EQ(errors, 1);
  EXPECT_EQ(others, 1);
}

/// A loop on such a backend, with two events that are always ready.
class FairLoop : public ::testing::Test {
 protected:
  /// For callbacks: notes which event was called, and stops after six calls.
  void called(char who) {
    trace += who;
    if (trace.size() < 6) return;
    a.del();
    b.del();
  }

  std::array<pair, 2> fds;
  std::string trace;
  event_base base{"fair"};
  event a{base, fds[0].a(), what::write | what::persist,
          [this] { called('a'); }};
  event b{base, fds[1].a(), what::write | what::persist,
          [this] { called('b'); }};
};

TEST_F(FairLoop, LetsEventsTakeTurns) {
  a.add();
  b.add();
  base.dispatch();

  EXPECT_TRUE(trace == "ababab" || trace == "bababa") << trace;
}

}  // namespace
}  // namespace evolve
