#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <climits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "evolve/event_config.h"
#include "test/child_process.h"
#include "test/descriptor_limit.h"
#include "test/environment.h"
#include "test/recorded_log.h"
#include "test/thrown.h"

namespace evolve {
namespace {

/// The environment says nothing, unless the test does.
class EventConfig : public ::testing::Test {
 protected:
  static const method& best() { return supported_methods().front(); }

  /// The name of what `config` makes.
  static std::string made(const event_config& config) {
    return config.make_eventop()->name();
  }

  /// Avoids all methods but the last.
  static event_config avoid_all_but_one() {
    event_config config;
    for (const method& m : supported_methods()) {
      if (&m != &supported_methods().back()) config.avoid_method(m.name);
    }
    return config;
  }

  /// The variable against the best method.
  static std::string against_best() {
    std::string variable = "EVENT_NO";
    const std::string_view name = best().name;
    for (const char c : name.substr(0, name.find(' '))) {
      variable += static_cast<char>(std::toupper(c));
    }
    return variable;
  }

  static bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

 private:
  const environment_variable kqueue_{"EVENT_NOKQUEUE", nullptr};
  const environment_variable epoll_{"EVENT_NOEPOLL", nullptr};
  const environment_variable poll_{"EVENT_NOPOLL", nullptr};
  const environment_variable select_{"EVENT_NOSELECT", nullptr};
  const environment_variable show_{"EVENT_SHOW_METHOD", nullptr};
};

TEST_F(EventConfig, TakesTheBestMethod) {
  EXPECT_EQ(made(event_config()), best().name);
}

TEST_F(EventConfig, PassesOverWhatIsToBeAvoided) {
  EXPECT_EQ(made(event_config().avoid_method(best().name)),
            supported_methods()[1].name);
  EXPECT_EQ(made(avoid_all_but_one()), supported_methods().back().name);
}

TEST_F(EventConfig, MayAvoidWhatThereIsNot) {
  EXPECT_EQ(made(event_config().avoid_method("quill")), best().name);
}

TEST_F(EventConfig, PassesOverWhatLacksAFeature) {
  for (const method& m : supported_methods()) {
    const feature wanted = m.make()->features();
    event_config config;
    const auto op = config.require_features(wanted).make_eventop();
    EXPECT_FALSE(any(wanted & ~op->features())) << m.name;
  }
}

TEST_F(EventConfig, TakesTheFirstThatHasAllFeatures) {
  for (const feature wanted :
       {feature::et, feature::o1, feature::fds, feature::early_close}) {
    std::string first;
    for (const method& m : supported_methods()) {
      const bool has = any(m.make()->features() & wanted);
      if (has && first.empty()) first = m.name;
    }
    if (first.empty()) continue;
    EXPECT_EQ(made(event_config().require_features(wanted)), first);
  }
}

constexpr feature everything =
    feature::et | feature::o1 | feature::fds | feature::early_close;

TEST_F(EventConfig, RequiresOnlyTheFeaturesThatWereAskedForLast) {
  event_config config;
  config.require_features(everything);
  config.require_features(feature::none);
  EXPECT_EQ(made(config), best().name);
}

TEST_F(EventConfig, SaysForEachMethodWhyNoneIsLeft) {
  event_config config;
  config.avoid_method(best().name);
  config.require_features(static_cast<feature>(~0u));

  EXPECT_THROW(config.make_eventop(), std::runtime_error);
  const std::string said = message_of([&] { config.make_eventop(); });

  EXPECT_TRUE(contains(said, best().name + std::string(": to be avoided")))
      << said;
  for (const method& m : supported_methods().subspan(1)) {
    EXPECT_TRUE(contains(said, m.name + std::string(": lacks "))) << said;
  }
}

TEST_F(EventConfig, SaysWhichFeaturesAreLacking) {
  event_config config = avoid_all_but_one();
  const feature has = supported_methods().back().make()->features();
  const std::string said =
      message_of([&] { config.require_features(everything).make_eventop(); });

  EXPECT_EQ(contains(said, "edges"), !any(has & feature::et)) << said;
  EXPECT_EQ(contains(said, "a kernel that remembers"), !any(has & feature::o1))
      << said;
  EXPECT_EQ(contains(said, "all kinds of descriptors"),
            !any(has & feature::fds))
      << said;
  EXPECT_EQ(contains(said, "early close"), !any(has & feature::early_close))
      << said;
}

TEST_F(EventConfig, LetsTheEnvironmentAvoidAMethodWhateverItsValue) {
  for (const char* value : {"", "0", "no"}) {
    const environment_variable against(against_best(), value);
    EXPECT_NE(made(event_config()), best().name);
  }
  EXPECT_EQ(made(event_config()), best().name);
}

TEST_F(EventConfig, SaysWhichVariablesLeaveNothing) {
  const environment_variable kqueue("EVENT_NOKQUEUE");
  const environment_variable epoll("EVENT_NOEPOLL");
  const environment_variable poll("EVENT_NOPOLL");
  const environment_variable select("EVENT_NOSELECT");

  EXPECT_THROW(event_config().make_eventop(), std::runtime_error);
  const std::string said = message_of([] { event_config().make_eventop(); });

  for (const method& m : supported_methods()) {
    EXPECT_TRUE(contains(said, m.name + std::string(": EVENT_NO"))) << said;
  }
  EXPECT_TRUE(contains(said, "poll: EVENT_NOPOLL is set")) << said;
}

TEST_F(EventConfig, IgnoresTheEnvironmentOnRequest) {
  const recorded_log log;
  const environment_variable against(against_best());
  const environment_variable show("EVENT_SHOW_METHOD");

  EXPECT_EQ(made(event_config().set_flag(base_flag::ignore_env)), best().name);

  EXPECT_EQ(log.received(), recorded_log::lines{});
}

TEST_F(EventConfig, ShowsTheMethodOnRequestOfTheEnvironment) {
  const recorded_log log;
  made(event_config());
  EXPECT_EQ(log.received(), recorded_log::lines{});
  const environment_variable show("EVENT_SHOW_METHOD");

  made(avoid_all_but_one());

  ASSERT_EQ(log.received().size(), 1u);
  const auto& [level, message] = log.received()[0];
  EXPECT_EQ(level, severity::msg);
  EXPECT_TRUE(contains(message, supported_methods().back().name)) << message;
}

// At the limit of descriptors, where only those serve that need none.
TEST_F(EventConfig, LogsThatABetterMethodCouldNotBeHad) {
  const recorded_log log;
  std::string name;
  {
    const descriptor_limit none(0);
    name = made(event_config());
  }
  if (name == best().name) GTEST_SKIP() << "the best needs no descriptor";

  ASSERT_EQ(log.received().size(), 1u);
  const auto& [level, message] = log.received()[0];
  EXPECT_EQ(level, severity::warn);
  EXPECT_TRUE(contains(message, "waits with " + name)) << message;
  EXPECT_TRUE(contains(message, best().name + std::string(": "))) << message;
  const std::string why = std::generic_category().message(EMFILE);
  EXPECT_TRUE(contains(message, why)) << message;
}

TEST_F(EventConfig, LogsNothingOfWhatWasToBeAvoidedOrLacksAFeature) {
  const recorded_log log;
  const environment_variable against(against_best());

  made(event_config());
  made(avoid_all_but_one());
  made(event_config().require_features(feature::fds));

  EXPECT_EQ(log.received(), recorded_log::lines{});
}

// In a child, since what is given up cannot be had back.
TEST_F(EventConfig, LooksAtNoEnvironmentWithMoreRightsThanItsUser) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  const environment_variable against(against_best());
  child_process as_user([] {
    if (::seteuid(65534) != 0) return std::string("seteuid failed");
    return made(event_config());
  });
  child_process in_group([] {
    if (::setegid(65534) != 0) return std::string("setegid failed");
    return made(event_config());
  });
  child_process neither([] { return made(event_config()); });

  EXPECT_EQ(as_user.says(), best().name);
  EXPECT_EQ(in_group.says(), best().name);
  EXPECT_NE(neither.says(), best().name);
}

TEST_F(EventConfig, HasNoFlagsAtFirst) {
  const event_config config;
  EXPECT_FALSE(config.has(base_flag::ignore_env));
  EXPECT_FALSE(config.has(base_flag::no_cache_time));
}

TEST_F(EventConfig, AddsFlagsToThoseThatAreSet) {
  event_config config;
  config.set_flag(base_flag::ignore_env);
  EXPECT_FALSE(config.has(base_flag::no_cache_time));

  config.set_flag(base_flag::no_cache_time);
  EXPECT_TRUE(config.has(base_flag::ignore_env));
  EXPECT_TRUE(config.has(base_flag::no_cache_time));
}

TEST_F(EventConfig, LimitsNothingAtFirst) {
  const dispatch_limits limits = event_config().limits();
  EXPECT_EQ(limits.callbacks, INT_MAX);
  EXPECT_EQ(limits.interval, duration::max());
  EXPECT_EQ(limits.min_priority, 0);
}

TEST_F(EventConfig, TakesLimitsThatLetATurnCallSomething) {
  event_config config;
  config.set_max_dispatch_interval({duration(0), 1, 255});
  EXPECT_EQ(config.limits().interval, duration(0));
  EXPECT_EQ(config.limits().callbacks, 1);
  EXPECT_EQ(config.limits().min_priority, 255);
}

TEST_F(EventConfig, RefusesOtherLimitsAndKeepsThoseItHas) {
  event_config config;
  config.set_max_dispatch_interval({std::chrono::seconds(1), 7, 3});
  dispatch_limits no_callback;
  dispatch_limits no_time;
  dispatch_limits no_priority;
  no_callback.callbacks = 0;
  no_time.interval = duration(-1);
  no_priority.min_priority = -1;

  for (const auto& wrong : {no_callback, no_time, no_priority}) {
    EXPECT_THROW(config.set_max_dispatch_interval(wrong),
                 std::invalid_argument);
  }
  EXPECT_EQ(config.limits().callbacks, 7);
}

}  // namespace
}  // namespace evolve
