#include <gtest/gtest.h>

#include <new>
#include <string>

#include "evolve/log.h"
#include "test/recorded_log.h"

namespace evolve {
namespace {

/// What `work` writes to standard error.
template <class F>
std::string stderr_of(F work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesToStandardErrorByDefault) {
  const std::string written = stderr_of([] {
    log(severity::msg, "a message");
    log(severity::warn, "a warning");
    log(severity::error, "an error");
  });

  EXPECT_EQ(written, "[msg] a message\n[warn] a warning\n[error] an error\n");
}

TEST(Log, LeavesOutByDefaultWhatIsForDebugging) {
  EXPECT_EQ(stderr_of([] { log(severity::debug, "a detail"); }), "");
}

TEST(Log, GivesEverythingToTheCallbackAndNothingToStandardError) {
  const recorded_log messages;

  const std::string written = stderr_of([] {
    log(severity::debug, "a detail");
    log(severity::warn, "a warning");
  });

  EXPECT_EQ(messages.received(),
            (recorded_log::lines{{severity::debug, "a detail"},
                                 {severity::warn, "a warning"}}));
  EXPECT_EQ(written, "");
}

TEST(Log, SettingACallbackReturnsTheOneBefore) {
  const log_callback first = [](severity, const char*) {};
  const log_callback by_default = set_log_callback(first);

  EXPECT_EQ(set_log_callback(by_default), first);
}

TEST(Log, NullBringsBackTheDefault) {
  const log_callback by_default =
      set_log_callback([](severity, const char*) {});

  set_log_callback(nullptr);

  EXPECT_EQ(stderr_of([] { log(severity::warn, "again"); }), "[warn] again\n");
  EXPECT_EQ(set_log_callback(nullptr), by_default);
}

TEST(Log, TakesAMessageOfAnyLength) {
  const recorded_log messages;
  const std::string longer_than_a_buffer(5000, 'x');

  log(severity::msg, longer_than_a_buffer.c_str());

  EXPECT_EQ(messages.received().at(0).second, longer_than_a_buffer);
}

TEST(Log, TakesAMessageThatIsYetToBeBuilt) {
  const recorded_log messages;

  log(severity::warn, [] { return std::string("built ") + "just now"; });

  EXPECT_EQ(messages.received(),
            (recorded_log::lines{{severity::warn, "built just now"}}));
}

TEST(Log, LosesAMessageForWhichThereIsNoMemoryAndNothingElse) {
  const recorded_log messages;

  log(severity::warn, []() -> std::string { throw std::bad_alloc(); });
  log(severity::warn, "the next one");

  EXPECT_EQ(messages.received(),
            (recorded_log::lines{{severity::warn, "the next one"}}));
}

}  // namespace
}  // namespace evolve
