#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/select.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <set>
#include <span>

#include "evolve/select.h"
#include "test/descriptor_limit.h"
#include "test/pair.h"
#include "test/pipe_ends.h"

namespace evolve {
namespace {

TEST(Select, IsAMethod) {
  EXPECT_STREQ(make_eventop("select")->name(), "select");
}

/// What one turn finds, without waiting.
std::span<const ready> look(select& op) {
  op.prepare();
  op.wait(std::chrono::nanoseconds(0));
  return op.collect();
}

TEST(Select, HasABitForEveryDescriptorOfAWord) {
  const pair fds;
  select op;
  std::set<int> copies;
  while (copies.size() < 2 * 8 * sizeof(fd_mask)) {
    const int copy = ::dup(fds.a());
    ASSERT_NE(copy, -1);
    op.add(copy, what::none, what::write);
    copies.insert(copy);
  }

  std::set<int> found;
  for (const ready& r : look(op)) found.insert(r.fd);

  EXPECT_EQ(found, copies);
  for (const int copy : copies) ::close(copy);
}

// Unlike poll(2).
TEST(Select, WaitsForMoreDescriptorsThanTheProcessMayHave) {
  const pair fds;
  select op;
  op.add(fds.a(), what::none, what::read);
  fds.send();
  const descriptor_limit none(0);

  const std::span<const ready> found = look(op);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fd, fds.a());
}

TEST(Select, TakesDescriptorsBeyondTheSizeOfFdSet) {
  const int beyond = FD_SETSIZE + 1976;
  const descriptor_limit raised(beyond + 100);
  if (!raised.set()) GTEST_SKIP() << "no descriptor may have such a number";
  const pair fds;
  const int high = ::fcntl(fds.a(), F_DUPFD, beyond);
  ASSERT_GE(high, beyond);
  select op;
  op.add(high, what::none, what::read | what::write);
  op.add(fds.b(), what::none, what::read);

  fds.send();
  std::span<const ready> found = look(op);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fd, high);
  EXPECT_EQ(found[0].fired, what::read | what::write);

  op.del(high, what::read | what::write, what::none);
  EXPECT_TRUE(look(op).empty());
  ::close(high);
}

TEST(Select, TellsOfAClosedDescriptorBeforeTheReadyOnes) {
  pair bad;
  const pair good;
  const int fd = bad.a();
  select op;
  op.add(fd, what::none, what::read);
  op.add(good.a(), what::none, what::write);

  bad.close_a();

  std::span<const ready> found = look(op);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fd, fd);
  EXPECT_EQ(found[0].error, EBADF);
  found = look(op);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fd, good.a());
  EXPECT_EQ(found[0].error, 0);
}

#ifdef __linux__
TEST(Select, TellsOfAHangupAsReadableOnly) {
  pipe_ends pipe;
  select op;
  op.add(pipe.reader(), what::none, what::write);
  pipe.close_writer();
  EXPECT_TRUE(look(op).empty());

  op.add(pipe.reader(), what::write, any_io);
  const std::span<const ready> found = look(op);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fired, what::read);
}
#endif

}  // namespace
}  // namespace evolve
