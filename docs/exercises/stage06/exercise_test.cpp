// red: does not compile
// ready.available: how much there is to be read, where the kernel says it.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

#include "evolve/eventop.h"
#include "test/backends.h"
#include "test/pair.h"

namespace evolve {
namespace {

class Available : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string_view name : backends) {
      if (name == "kqueue") op = make_backend(name);
    }
    if (!op) GTEST_SKIP() << "there is no kqueue to be had";
  }

  /// What is found of fds.a() in a turn of `backend`.
  ready turn_of(eventop& backend) {
    backend.prepare();
    backend.wait(std::chrono::nanoseconds(0));
    const std::span<const ready> found = backend.collect();
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? ready{fds.a(), what::none, 0} : found.front();
  }

  pair fds;
  std::unique_ptr<eventop> op;
};

TEST_F(Available, IsHowMuchThereIsToBeRead) {
  op->add(fds.a(), what::none, what::read);
  fds.send("hello");
  EXPECT_EQ(turn_of(*op).available, 5);
  fds.send(", world");
  EXPECT_EQ(turn_of(*op).available, 12);
}

TEST_F(Available, IsKnownBesideRoomToWrite) {
  op->add(fds.a(), what::none, what::read | what::write);
  fds.send("hello");
  const ready found = turn_of(*op);
  EXPECT_EQ(found.fired, what::read | what::write);
  EXPECT_EQ(found.available, 5);
}

TEST_F(Available, IsNothingAtTheEnd) {
  op->add(fds.a(), what::none, what::read);
  ::shutdown(fds.b(), SHUT_WR);
  EXPECT_EQ(turn_of(*op).available, 0);
}

TEST_F(Available, IsUnknownOfWhoOnlyWrites) {
  op->add(fds.a(), what::none, what::write);
  fds.send("hello");
  EXPECT_EQ(turn_of(*op).available, -1);
}

TEST_F(Available, IsUnknownToOtherBackends) {
  const std::unique_ptr<eventop> poll = make_backend("poll");
  poll->add(fds.a(), what::none, what::read);
  fds.send("hello");
  EXPECT_EQ(turn_of(*poll).available, -1);
}

}  // namespace
}  // namespace evolve
