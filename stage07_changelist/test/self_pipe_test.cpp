#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

#include "evolve/self_pipe.h"
#include "test/descriptor_limit.h"
#include "test/signals.h"
#include "test/thrown.h"

namespace evolve {
namespace {

// Two owners would close it twice.
static_assert(!std::is_copy_constructible_v<self_pipe>);
static_assert(!std::is_copy_assignable_v<self_pipe>);

bool readable(const self_pipe& pipe) {
  pollfd end{pipe.read_end(), POLLIN, 0};
  return ::poll(&end, 1, 0) == 1;
}

TEST(SelfPipeEnds, IsNotReadableAtFirst) {
  const self_pipe pipe;
  EXPECT_FALSE(readable(pipe));
}

TEST(SelfPipeEnds, IsReadableOnceWrittenTo) {
  self_pipe pipe;
  pipe.write();
  EXPECT_TRUE(readable(pipe));
}

TEST(SelfPipeEnds, IsDrainedOfWhateverHasBeenWritten) {
  for (const int times : {1, 15, 16, 17, 32, 100}) {
    self_pipe pipe;
    for (int i = 0; i < times; ++i) pipe.write();
    pipe.drain();
    EXPECT_FALSE(readable(pipe)) << "written to " << times << " times";
  }
}

TEST(SelfPipeEnds, MayBeDrainedWhenThereIsNothing) {
  self_pipe pipe;
  pipe.drain();
  pipe.write();
  EXPECT_TRUE(readable(pipe));
}

// A pipe holds 64 KiB on Linux: this neither blocks nor loses the request.
TEST(SelfPipeEnds, MayBeFull) {
  self_pipe pipe;
  for (int i = 0; i < 100'000; ++i) pipe.write();
  EXPECT_TRUE(readable(pipe));
  pipe.drain();
  EXPECT_FALSE(readable(pipe));
}

TEST(SelfPipeEnds, NeverBlocksAndIsNotInherited) {
  const self_pipe pipe;
  EXPECT_TRUE(::fcntl(pipe.read_end(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(pipe.read_end(), F_GETFD) & FD_CLOEXEC);
}

TEST(SelfPipeEnds, IsClosedWhenItGoes) {
  std::optional<self_pipe> pipe(std::in_place);
  const int end = pipe->read_end();
  pipe.reset();
  EXPECT_EQ(::fcntl(end, F_GETFD), -1);
}

self_pipe* written_by_handler = nullptr;

TEST(SelfPipeEnds, MayBeWrittenToByASignalHandler) {
  self_pipe pipe;
  written_by_handler = &pipe;
  const temporary_action writes(SIGUSR1,
                                [](int) { written_by_handler->write(); });
  ::raise(SIGUSR1);
  EXPECT_TRUE(readable(pipe));
}

TEST(SelfPipeEnds, SaysWhatItIsForWhenThereAreNoDescriptors) {
  const auto make = [] { const self_pipe pipe; };
  const descriptor_limit none(0);
  ASSERT_TRUE(none.set());
  EXPECT_EQ(error_of(make), std::errc::too_many_files_open);
  EXPECT_NE(message_of(make).find("pipe to wake the loop"), std::string::npos);
}

}  // namespace
}  // namespace evolve
