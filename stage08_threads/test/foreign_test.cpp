#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <thread>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/pair.h"

namespace evolve {

/// Makes events as an interface in C does: in memory of another's, which says
/// nothing when it uses that for something else.
class event_access {
 public:
  static event& make(void* memory, event_base& base, int fd, what events,
                     callback function) {
    event& made = *::new (memory) event(function);
    made.base_ = &base;
    made.fd_ = fd;
    made.events_ = events;
    return made;
  }

  static bool is_idle(const event& ev) { return ev.flags_ == evlist::foreign; }
};

namespace {

class Foreign : public OnBackend {
 protected:
  struct alignas(event) place {
    std::byte bytes[sizeof(event)];
  };

  event& make(int fd, what events, callback function) {
    return event_access::make(memory.get(), base, fd, events, function);
  }

  std::unique_ptr<place> memory = std::make_unique<place>();
  pair fds;
  int calls = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, Foreign, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Foreign, MemoryMayBeFreedByTheCallback) {
  make(fds.a(), what::read, [this] {
    ++calls;
    memory.reset();
  }).add();
  fds.send();

  base.dispatch();

  EXPECT_EQ(calls, 1);
}

TEST_P(Foreign, MemoryIsNotWrittenToAfterTheCallbackHasBegun) {
  place filled;
  std::memset(&filled, 0xa5, sizeof filled);
  make(-1, what::none, [&] { *memory = filled; }).active(what::read);

  base.dispatch();

  EXPECT_EQ(std::memcmp(memory.get(), &filled, sizeof filled), 0);
}

TEST_P(Foreign, EventsAreTheRunningOneAllTheSame) {
  const event* seen = nullptr;
  event& ev = make(-1, what::none, [&] { seen = base.running_event(); });
  ev.active(what::read);

  base.dispatch();

  EXPECT_EQ(seen, &ev);
  EXPECT_EQ(base.running_event(), nullptr);
  EXPECT_TRUE(event_access::is_idle(ev));
}

TEST_P(Foreign, EventsThatPersistAreCalledAgain) {
  event& ev = make(fds.a(), what::read | what::persist, [&] {
    if (++calls == 3) base.loopbreak();
  });
  ev.add();
  fds.send();

  base.dispatch();

  EXPECT_EQ(calls, 3);
  ev.del();
}

}  // namespace
}  // namespace evolve
