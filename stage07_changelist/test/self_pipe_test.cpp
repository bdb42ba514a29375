#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

#include "evolve/self_pipe.h"
#include "test/descriptor_limit.h"
#include "test/signals.h"
#include "test/thrown.h"

#ifdef __linux__

namespace evolve {
namespace {

/// What looks at each pipe that this program makes, before its maker does.
std::function<void(const int* ends)> looks_at_pipes;

int make_pipe(int* ends, int flags) {
  const auto made = static_cast<int>(::syscall(SYS_pipe2, ends, flags));
  if (made == 0 && looks_at_pipes) looks_at_pipes(ends);
  return made;
}

}  // namespace
}  // namespace evolve

/// These stand in the program for the C library's, and do what those do.
extern "C" int pipe(int* ends) noexcept {
  return evolve::make_pipe(ends, 0);
}
extern "C" int pipe2(int* ends, int flags) noexcept {
  return evolve::make_pipe(ends, flags);
}

#endif

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

#ifdef __linux__

// Another thread may start a program at any moment.
TEST(SelfPipeEnds, IsInheritedAtNoMoment) {
  std::array flags = {0, 0};
  looks_at_pipes = [&flags](const int* ends) {
    flags = {::fcntl(ends[0], F_GETFD), ::fcntl(ends[1], F_GETFD)};
  };
  const self_pipe pipe;
  looks_at_pipes = {};

  EXPECT_EQ(flags, (std::array{FD_CLOEXEC, FD_CLOEXEC}));
}

#endif

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

// To be cancelled there would be an exception, and end the process.
TEST(SelfPipeEnds, IsNoPlaceToBeCancelledAt) {
  int state_after = -1;
  const auto run = [](void* state) -> void* {
    ::pthread_cancel(::pthread_self());
    {
      self_pipe pipe;
      pipe.write();
      pipe.drain();
    }
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, static_cast<int*>(state));
    return nullptr;
  };
  pthread_t thread;
  ASSERT_EQ(::pthread_create(&thread, nullptr, run, &state_after), 0);
  ASSERT_EQ(::pthread_join(thread, nullptr), 0);

  EXPECT_EQ(state_after, PTHREAD_CANCEL_ENABLE);
}

TEST(SelfPipeEnds, IsNotClosedWhereItsNumberLeadsElsewhere) {
  int other[2];
  ASSERT_EQ(::pipe(other), 0);
  std::optional<self_pipe> pipe(std::in_place);
  const int number = pipe->read_end();
  ASSERT_EQ(::dup2(other[0], number), number);

  pipe.reset();

  EXPECT_EQ(::write(other[1], "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(number, &byte, 1), 1);
  for (const int fd : {other[0], other[1], number}) ::close(fd);
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
