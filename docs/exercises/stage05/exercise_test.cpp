// red: does not compile
// epoll::stale_numbers(): by which numbers the last collect() found registrations
// that have outlived their descriptors.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "evolve/epoll.h"
#include "test/denied.h"
#include "test/pair.h"

namespace evolve {
namespace {

#ifdef __linux__

using namespace std::chrono_literals;

class StaleNumbers : public ::testing::Test {
 protected:
  using numbers = std::vector<int>;

  /// One turn; the descriptors that are ready.
  numbers turn() {
    op.prepare();
    op.wait(0ns);
    numbers found;
    for (const ready& r : op.collect()) found.push_back(r.fd);
    std::sort(found.begin(), found.end());
    return found;
  }

  /// The same, and so dear that what it has found of ghosts is not borne.
  numbers dear_turn() {
    const numbers found = turn();
    const time_point until = clock::now() + 400 * evolve::ghosts::limit;
    while (clock::now() < until) continue;
    return found;
  }

  /// The ghosts that the last turn has found.
  numbers ghosts() const {
    numbers found(op.stale_numbers().begin(), op.stale_numbers().end());
    std::sort(found.begin(), found.end());
    return found;
  }

  /// Leaves a ghost behind, which is ready. The number that it had.
  int make_ghost(int at_least = 200) {
    const int fd = ::fcntl(haunted.a(), F_DUPFD, at_least);
    op.add(fd, what::none, what::write);
    ::close(fd);
    op.del(fd, what::write, what::none);
    return fd;
  }

  pair fds;
  pair haunted;
  epoll op;
};

TEST_F(StaleNumbers, AreNamedByTheTurnThatFindsThem) {
  const int fd = make_ghost();
  EXPECT_EQ(ghosts(), numbers{});

  dear_turn();
  EXPECT_EQ(ghosts(), numbers{fd});

  turn();
  EXPECT_EQ(ghosts(), numbers{});
}

TEST_F(StaleNumbers, AreNamedEachByItself) {
  const int first = make_ghost(200);
  const int second = make_ghost(300);

  turn();

  EXPECT_EQ(ghosts(), (numbers{first, second}));
}

TEST_F(StaleNumbers, AreNotWhatIsReady) {
  op.add(fds.a(), what::none, what::write);
  const int fd = make_ghost();

  EXPECT_EQ(dear_turn(), numbers{fds.a()});
  EXPECT_EQ(ghosts(), numbers{fd});

  EXPECT_EQ(turn(), numbers{fds.a()});
  EXPECT_EQ(ghosts(), numbers{});
}

TEST_F(StaleNumbers, MayHaveTheNumberOfWhatIsReady) {
  const int fd = make_ghost();
  ASSERT_EQ(::dup2(fds.a(), fd), fd);
  op.add(fd, what::none, what::write);

  EXPECT_EQ(turn(), numbers{fd});
  EXPECT_EQ(ghosts(), numbers{fd});
  ::close(fd);
}

TEST_F(StaleNumbers, AreNotWhatCannotBeWatchedAnew) {
  const int bad = ::fcntl(fds.a(), F_DUPFD, 300);
  op.add(bad, what::none, what::read);
  const int fd = make_ghost();
  ::close(bad);

  dear_turn();
  EXPECT_EQ(ghosts(), numbers{fd});

  EXPECT_EQ(turn(), numbers{bad});
  EXPECT_EQ(ghosts(), numbers{});
}

TEST_F(StaleNumbers, AreFoundAgainWhileTheyCannotBeGotRidOf) {
  const int fd = make_ghost();
  const bool done = without(SYS_epoll_create1, EMFILE, [&] {
    for (int i = 0; i < 2; ++i) {
      turn();
      EXPECT_EQ(ghosts(), numbers{fd});
    }
  });
  if (!done) GTEST_SKIP() << "no system call can be denied";

  turn();
  EXPECT_EQ(ghosts(), numbers{fd});
  while (ghosts() == numbers{fd}) turn();
  EXPECT_EQ(ghosts(), numbers{});
}

#endif

}  // namespace
}  // namespace evolve
