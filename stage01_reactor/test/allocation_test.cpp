#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <list>
#include <new>
#include <vector>

#include "evolve/event_base.h"
#include "test/backends.h"
#include "test/pair.h"
#include "test/shortage.h"

namespace {

thread_local std::size_t allocations = 0;  // of this thread

void* allocate(std::size_t size) noexcept {
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

}  // namespace
}  // namespace evolve
