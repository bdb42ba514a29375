#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <new>
#include <vector>

#include "evolve/changelist.h"
#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/pair.h"
#include "test/shortage.h"

namespace {

thread_local std::size_t allocations = 0;  // of this thread
thread_local std::size_t allowed = SIZE_MAX;  // allocations that may succeed

void* allocate(std::size_t size) noexcept {
  if (allowed == 0) return nullptr;
  --allowed;
  ++allocations;
  if (evolve::shortage::comes_now()) return nullptr;
  return std::malloc(size);
}

}  // namespace

// None of them inlined: gcc would take malloc's memory for that of another new,
// and free() for another delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void* operator new(std::size_t size,
                                     const std::nothrow_t&) noexcept {
  return allocate(size);
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

// Of arrays, which a sanitizer would otherwise allocate by itself.
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return operator new(size);
}

[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}

[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace evolve {
namespace {

class Allocation : public OnBackend {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) != "kqueue") return;
    GTEST_SKIP() << "changes for kqueue pile up until the wait";
  }

  /// How often `work` allocates once it has been done before.
  template <class F>
  static std::size_t allocations_of(F work) {
    work();
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) work();
    return allocations - before;
  }

  pair fds;
};
INSTANTIATE_TEST_SUITE_P(Backends, Allocation, ::testing::ValuesIn(backends),
                         backend_name);

TEST_P(Allocation, IsCounted) {
  EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(1)); }), 100u);
}

TEST_P(Allocation, IsNotForAddAndDel) {
  event ev(base, fds.a(), what::read | what::persist, [] {});

  EXPECT_EQ(allocations_of([&] {
              ev.add();
              ev.del();
            }),
            0u);
}

TEST_P(Allocation, IsNotForMakingAnEvent) {
  EXPECT_EQ(allocations_of([this] {
              event ev(base, fds.a(), what::read, [] {});
              ev.add();
            }),
            0u);
}

TEST_P(Allocation, IsNotForATurn) {
  const std::vector<pair> pairs(20);
  std::list<event> events;
  int calls = 0;
  for (const pair& p : pairs) {
    events.emplace_back(base, p.a(), what::read | what::write,
                        [&] { ++calls; });
    p.send();
  }

  EXPECT_EQ(allocations_of([&] {
              for (event& ev : events) ev.add();
              base.dispatch();
            }),
            0u);

  EXPECT_EQ(calls, 101 * 20);
}

TEST_P(Allocation, IsNotForActive) {
  base.priority_init(3);
  int calls = 0;
  event urgent(base, -1, what::none, [&] { ++calls; });
  event other(base, -1, what::none, [&] { ++calls; });
  urgent.priority_set(0);

  EXPECT_EQ(allocations_of([&] {
              other.active(what::read);
              urgent.active(what::read);
              base.loop();
            }),
            0u);

  EXPECT_EQ(calls, 101 * 2);
}

TEST_P(Allocation, IsNotForPostsOfTwoWords) {
  int calls = 0;
  const auto post_some = [&] {
    for (int i = 0; i < 20; ++i) {
      base.post([this, &calls] {
        if (++calls % 20 == 0) base.loopexit();
      });
    }
    base.dispatch();
  };

  EXPECT_EQ(allocations_of([&] {
              post_some();
              post_some();  // there are two arrays, which take turns
            }),
            0u);

  EXPECT_EQ(calls, 101 * 40);
}

TEST_P(Allocation, IsNotForPostsWhereSomeAreAlwaysLeft) {
  struct self {
    event_base& base;
    int calls = 0;
    void post() {
      base.post([this] {
        ++calls;
        base.loopcontinue();
        post();
      });
    }
  } posting{base};
  for (int i = 0; i < 3; ++i) posting.post();

  EXPECT_EQ(allocations_of([&] {
              for (int i = 0; i < 20; ++i) base.loop(loop_flags::nonblock);
            }),
            0u);

  EXPECT_GE(posting.calls, 101 * 20);
}

TEST_P(Allocation, IsNotForManyEventsOnADescriptor) {
  std::list<event> events;
  int calls = 0;
  for (int i = 0; i < 20; ++i) {
    events.emplace_back(base, fds.a(), what::read, [&] { ++calls; });
  }
  fds.send();

  EXPECT_EQ(allocations_of([&] {
              for (event& ev : events) ev.add();
              base.loop(loop_flags::once);
            }),
            0u);

  EXPECT_EQ(calls, 101 * 20);
}

TEST_P(Allocation, IsNotForATurnInWhichADescriptorIsActivated) {
  int calls = 0;
  event ev(base, fds.a(), what::read | what::persist, [&] { ++calls; });
  ev.add();

  EXPECT_EQ(allocations_of([&] {
              base.active_by_fd(fds.a(), what::read);
              base.loop(loop_flags::nonblock);
            }),
            0u);

  EXPECT_EQ(calls, 101);
}

TEST_P(Allocation, IsNotForTimeouts) {
  std::list<event> events;
  int calls = 0;
  for (int i = 0; i < 10; ++i) {
    events.emplace_back(base, -1, what::none, [&] { ++calls; });
  }

  EXPECT_EQ(allocations_of([&] {
              for (event& ev : events) ev.add(duration(0));
              base.loop();
            }),
            0u);

  EXPECT_EQ(calls, 101 * 10);
}

TEST_P(Allocation, IsNotForCommonTimeouts) {
  common_timeout& soon = base.init_common_timeout(duration(1));
  std::list<event> events;
  int calls = 0;
  for (int i = 0; i < 10; ++i) {
    events.emplace_back(base, -1, what::none, [&] { ++calls; });
  }

  EXPECT_EQ(allocations_of([&] {
              for (event& ev : events) ev.add(soon);
              base.loop();
            }),
            0u);

  EXPECT_EQ(calls, 101 * 10);
}

TEST_P(Allocation, IsNotForSignals) {
  int calls = 0;
  event ev = event::signal(base, SIGUSR1, [&] { ++calls; });

  EXPECT_EQ(allocations_of([&] {
              ev.add();
              std::raise(SIGUSR1);
              base.loop(loop_flags::nonblock);
              ev.del();
            }),
            0u);

  EXPECT_EQ(calls, 101);
}

TEST(ChangelistAllocation, IsNotForNotingWhatIsReserved) {
  changelist list;
  for (int fd = 0; fd < 100; ++fd) list.reserve(fd, 100);
  const std::size_t before = allocations;

  for (int fd = 0; fd < 100; ++fd) list.note(fd, what::none, what::read);
  list.clear();
  for (int fd = 99; fd >= 0; --fd) list.note(fd, what::read, what::none);

  EXPECT_EQ(allocations, before);
  EXPECT_EQ(list.changes().size(), 100u);
}

TEST(ChangelistAllocation, IsTriedAgainByAReserveAfterOneThatFailed) {
  for (const std::size_t successes : {0u, 1u}) {
    changelist list;
    allowed = successes;
    EXPECT_THROW(list.reserve(9, 1), std::bad_alloc);
    allowed = SIZE_MAX;

    list.reserve(9, 1);
    const std::size_t before = allocations;
    list.note(9, what::none, what::read);
    EXPECT_EQ(allocations, before);
  }
}

#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)
TEST(KqueueAllocation, IsNotForChangesThatAreMerged) {
  event_base base(make_backend("kqueue"));
  const pair fds;
  event ev(base, fds.a(), what::write | what::persist,
           [&base] { base.loopbreak(); });
  const auto work = [&] {
    for (int i = 0; i < 100; ++i) {
      ev.del();
      ev.add();
    }
    base.dispatch();
  };
  work();
  const std::size_t before = allocations;

  for (int i = 0; i < 100; ++i) work();

  EXPECT_EQ(allocations, before);
}
#endif

}  // namespace
}  // namespace evolve
