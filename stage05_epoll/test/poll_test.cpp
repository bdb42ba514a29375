#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "evolve/poll.h"
#include "test/descriptor_limit.h"
#include "test/pair.h"
#include "test/thrown.h"

namespace evolve {
namespace {

TEST(Poll, IsAMethod) {
  EXPECT_STREQ(make_eventop("poll")->name(), "poll");
}

TEST(Poll, TellsOfAHangupAsAllThatCanBeWaitedFor) {
  pair fds;
  poll op;
  op.add(fds.a(), what::none, what::read);

  fds.close_b();
  pollfd said{fds.a(), POLLIN, 0};
  ASSERT_EQ(::poll(&said, 1, -1), 1);
  if (!(said.revents & POLLHUP)) GTEST_SKIP() << "here it is just readable";
  op.prepare();
  op.wait(std::nullopt);

  const std::span<const ready> found = op.collect();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fired, any_io);
  EXPECT_EQ(found[0].error, 0);
}

TEST(Poll, TellsOfAClosedDescriptorBesideTheReadyOnes) {
  pair bad;
  const pair good;
  const int fd = bad.a();
  poll op;
  op.add(fd, what::none, what::read);
  op.add(good.a(), what::none, what::write);

  bad.close_a();
  op.prepare();
  op.wait(std::nullopt);

  std::map<int, int> errors;
  for (const ready& r : op.collect()) errors[r.fd] = r.error;
  EXPECT_EQ(errors, (std::map<int, int>{{fd, EBADF}, {good.a(), 0}}));
}

TEST(Poll, ThrowsWhatTheSystemSays) {
  const pair fds;
  std::vector<pollfd> high(80);  // more than the limit, and beyond it
  poll op;
  for (pollfd& p : high) {
    p = {::fcntl(fds.a(), F_DUPFD, 100), POLLOUT, 0};
    op.add(p.fd, what::none, what::write);
  }
  op.prepare();
  const auto wait = [&op] { op.wait(std::nullopt); };
  {
    const descriptor_limit below(64);
    // Some systems take them all the same.
    const int took = ::poll(high.data(), static_cast<nfds_t>(high.size()), -1);
    const int said = took < 0 ? errno : 0;
    EXPECT_EQ(error_of(wait).value(), said);
  }

  EXPECT_NO_THROW(wait());
  EXPECT_EQ(op.collect().size(), high.size());
  for (const pollfd& p : high) ::close(p.fd);
}

TEST(PollFeatures, AreAllKindsOfDescriptors) {
  EXPECT_EQ(poll().features() & ~feature::early_close, feature::fds);
}

#ifdef POLLRDHUP

TEST(PollFeatures, AreAlsoAnEarlyCloseWhereTheSystemTellsOfIt) {
  EXPECT_EQ(poll().features(), feature::fds | feature::early_close);
}

TEST(Poll, TellsThatThePeerHasClosedHalf) {
  const pair fds;
  poll op;
  op.add(fds.a(), what::none, what::closed);

  ::shutdown(fds.b(), SHUT_WR);
  op.prepare();
  op.wait(std::nullopt);

  const std::span<const ready> found = op.collect();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].fired, what::closed);
}

#endif

}  // namespace
}  // namespace evolve
