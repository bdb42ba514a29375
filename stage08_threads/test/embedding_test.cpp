#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/child_process.h"
#include "test/manual_clock.h"
#include "test/pair.h"
#include "test/signals.h"

namespace evolve {
namespace {

using namespace std::chrono_literals;

constexpr std::optional<duration> forever = std::nullopt;

// The backends that another loop can watch.
std::vector<const char*> with_a_descriptor() {
  std::vector<const char*> found;
  for (const char* name : backends) {
    const std::string_view given = name;
    if (given != "poll" && given != "select") found.push_back(name);
  }
  return found;
}

/// A base that another loop serves. That is one poll() of the test's.
class Embedded : signals_restored,
                 public ::testing::TestWithParam<const char*> {
 protected:
  /// Whether the descriptor is readable within `ms`, -1 for ever.
  bool readable(int ms = 0) const {
    pollfd outer{fd, POLLIN, 0};
    return ::poll(&outer, 1, ms) == 1;
  }

  loop_result turn() { return base.loop(loop_flags::nonblock); }

  event_base base{make_backend(GetParam())};
  const int fd = base.backend_fd();
  pair fds;
  int calls = 0;
  event reads{base, fds.a(), what::read | what::persist, [this] {
                ++calls;
                fds.receive();
              }};
  event hour = event::timer(base, [this] { ++calls; });
};
INSTANTIATE_TEST_SUITE_P(Backends, Embedded,
                         ::testing::ValuesIn(with_a_descriptor()),
                         backend_name);

TEST_P(Embedded, IsToldOfADescriptorThatGetsReady) {
  reads.add();
  EXPECT_EQ(base.begin_wait(), forever);
  EXPECT_FALSE(readable());

  fds.send();

  EXPECT_TRUE(readable(-1));
  EXPECT_EQ(turn(), loop_result::stopped);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.begin_wait(), forever);
  EXPECT_FALSE(readable());
}

TEST_P(Embedded, ServesWhatWasReadyBefore) {
  reads.add();
  fds.send();

  EXPECT_EQ(base.begin_wait(), 0ns);
  EXPECT_EQ(calls, 0);
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_P(Embedded, SaysHowLongTheNextTimeoutTakes) {
  manual_clock::zero();
  base.set_clock(manual_clock::read);
  hour.add(1h);

  EXPECT_EQ(base.begin_wait(), 1h);
  manual_clock::advance(59min);
  EXPECT_EQ(base.begin_wait(), 1min);
  manual_clock::advance(1min);
  EXPECT_EQ(base.begin_wait(), 0ns);
  EXPECT_EQ(turn(), loop_result::stopped);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.begin_wait(), forever);
}

TEST_P(Embedded, IsToldWhenATimeoutBecomesEarlierMeanwhile) {
  hour.add(1h);
  base.begin_wait();

  reads.add(1min);

  EXPECT_TRUE(readable(-1));
  turn();
  const std::optional<duration> left = base.begin_wait();
  ASSERT_TRUE(left);
  EXPECT_LE(*left, 1min);
}

TEST_P(Embedded, IsNotToldOfALaterTimeout) {
  reads.add();
  hour.add(1h);
  base.begin_wait();

  event later = event::timer(base, [] {});
  later.add(2h);

  EXPECT_FALSE(readable());
}

TEST_P(Embedded, IsToldOfMoreThatIsWantedMeanwhile) {
  reads.add();
  base.begin_wait();

  event writes(base, fds.a(), what::write, [this] { calls += 10; });
  writes.add();

  EXPECT_TRUE(readable(-1));
  turn();
  base.begin_wait();
  turn();
  EXPECT_EQ(calls, 10);
}

TEST_P(Embedded, IsToldOfWhatIsPosted) {
  reads.add();
  base.begin_wait();

  std::thread([this] { base.post([this] { ++calls; }); }).join();

  EXPECT_TRUE(readable(-1));
  EXPECT_EQ(turn(), loop_result::stopped);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.begin_wait(), forever);
  EXPECT_FALSE(readable());
}

TEST_P(Embedded, WorkThatIsPostedBeforeTheWaitIsDue) {
  base.post([this] { ++calls; });

  EXPECT_EQ(base.begin_wait(), 0ns);
  EXPECT_EQ(base.begin_wait(), 0ns);
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_P(Embedded, IsToldEachTimeThatWorkIsPosted) {
  for (int round = 1; round <= 3; ++round) {
    base.begin_wait();
    base.post([this] { ++calls; });
    EXPECT_TRUE(readable(-1));
    turn();
    EXPECT_EQ(calls, round);
  }
}

TEST_P(Embedded, IsToldOfSignals) {
  event usr1 = event::signal(base, SIGUSR1, [this] { ++calls; });
  usr1.add();
  base.begin_wait();
  EXPECT_FALSE(readable());

  raise(SIGUSR1);

  EXPECT_TRUE(readable(-1));
  turn();
  EXPECT_EQ(calls, 1);
  raise(SIGUSR1);
  EXPECT_EQ(base.begin_wait(), 0ns);
  turn();
  EXPECT_EQ(calls, 2);
}

TEST_P(Embedded, IsToldOfWhatIsActivated) {
  base.begin_wait();
  hour.active(what::timeout);

  EXPECT_TRUE(readable(-1));
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_P(Embedded, IsToldOfRequests) {
  reads.add();
  base.begin_wait();
  base.loopexit();
  EXPECT_TRUE(readable(-1));
  turn();
  EXPECT_TRUE(base.got_exit());

  base.begin_wait();
  base.loopbreak();
  EXPECT_TRUE(readable(-1));
  EXPECT_EQ(base.begin_wait(), 0ns);
  turn();
  EXPECT_TRUE(base.got_break());
  EXPECT_FALSE(base.got_exit());
}

TEST_P(Embedded, AnEdgeThatIsFoundBeforeTheWaitIsNotLost) {
  event edge(base, fds.a(), what::read | what::et | what::persist,
             [this] { ++calls; });
  edge.add();
  fds.send();

  EXPECT_EQ(base.begin_wait(), 0ns);
  EXPECT_EQ(base.begin_wait(), 0ns);
  turn();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(base.begin_wait(), forever);
}

TEST_P(Embedded, WithoutEventsIsToldOfPostsAllTheSame) {
  EXPECT_EQ(base.begin_wait(), forever);
  EXPECT_EQ(turn(), loop_result::no_events);
  EXPECT_EQ(base.begin_wait(), forever);

  base.post([this] { ++calls; });

  EXPECT_TRUE(readable(-1));
  turn();
  EXPECT_EQ(calls, 1);
}

TEST_P(Embedded, IsToldWithADescriptorOfItsOwnInAChild) {
  reads.add();
  base.begin_wait();

  child_process child([this] {
    base.reinit();
    const int own = base.backend_fd();
    base.begin_wait();
    base.post([this] { ++calls; });
    pollfd outer{own, POLLIN, 0};
    const int found = ::poll(&outer, 1, -1);
    turn();
    return std::to_string(found) + std::to_string(calls);
  });

  EXPECT_EQ(child.says(), "11");
  EXPECT_FALSE(readable());
  fds.send();
  EXPECT_TRUE(readable(-1));
}

TEST_P(Embedded, CallbacksCannotBeginAWait) {
  event asks(base, -1, what::none, [this] { base.begin_wait(); });
  asks.active(what::none);

  EXPECT_THROW(turn(), std::logic_error);
}

class NotEmbedded : public OnBackend {};
INSTANTIATE_TEST_SUITE_P(Backends, NotEmbedded, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(NotEmbedded, UnlessItsDescriptorIsKnown) {
  EXPECT_THROW(base.begin_wait(), std::logic_error);
}

TEST(NotEmbeddedEither, WhereTheBackendHasNoDescriptor) {
  for (const char* name : {"poll", "select"}) {
    event_base base(name);
    EXPECT_THROW(base.backend_fd(), std::runtime_error) << name;
  }
}

}  // namespace
}  // namespace evolve
