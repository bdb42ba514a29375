#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>
#include <type_traits>

#include "evolve/callback.h"

namespace evolve {
namespace {

TEST(Callback, TellsTheDescriptorAndWhatHappened) {
  int at = 0;
  what seen = what::none;
  const callback call([&at, &seen](int fd, what fired) {
    at = fd;
    seen = fired;
  });

  call(7, what::read);

  EXPECT_EQ(at, 7);
  EXPECT_EQ(seen, what::read);
}

TEST(Callback, TellsOnlyWhatHappened) {
  what seen = what::none;
  const callback call([&seen](what fired) { seen = fired; });

  call(7, what::write);

  EXPECT_EQ(seen, what::write);
}

TEST(Callback, TellsNothing) {
  int calls = 0;
  const callback call([&calls] { ++calls; });

  call(7, what::read);

  EXPECT_EQ(calls, 1);
}

TEST(Callback, TellsAsMuchAsTheFunctionTakes) {
  std::size_t told = 0;
  const callback call([&told](auto... all) { told = sizeof...(all); });

  call(7, what::read);

  EXPECT_EQ(told, 2u);
}

int remembered = 0;
void remember(int fd, what) {
  remembered = fd;
}

TEST(Callback, TakesAPlainFunction) {
  const callback by_name(remember);
  const callback by_address(&remember);

  by_name(7, what::read);
  EXPECT_EQ(remembered, 7);
  by_address(8, what::read);
  EXPECT_EQ(remembered, 8);
}

TEST(Callback, RefusesANullFunction) {
  void (*const null)(int, what) = nullptr;

  EXPECT_THROW(callback{null}, std::invalid_argument);
}

TEST(Callback, HoldsThreeWords) {
  int a = 0;
  int b = 0;
  int c = 0;
  const callback call([&a, &b, &c](int fd, what) {
    a = fd;
    b = fd;
    c = fd;
  });

  call(7, what::read);

  EXPECT_EQ(a + b + c, 21);
}

TEST(Callback, ACopyCallsTheSame) {
  int first = 0;
  int second = 0;
  callback original([&first] { ++first; });
  const callback copy(original);

  original = callback([&second] { ++second; });
  copy(7, what::read);

  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST(Callback, KeepsACopyOfTheFunction) {
  int calls = 0;
  struct counter {
    int* counted;
    void operator()() const { ++*counted; }
  };
  counter function{&calls};
  const callback call(function);

  function.counted = nullptr;
  call(7, what::read);

  EXPECT_EQ(calls, 1);
}

TEST(Callback, LetsExceptionsPass) {
  const callback call([] { throw std::runtime_error("thrown"); });

  EXPECT_THROW(call(7, what::read), std::runtime_error);
}

// The loop copies it like plain data, and assumes that nothing can go wrong.
static_assert(std::is_nothrow_copy_constructible_v<callback>);

}  // namespace
}  // namespace evolve
