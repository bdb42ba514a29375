#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <type_traits>
#include <utility>

#include "evolve/fd.h"
#include "evolve/unique_fd.h"

namespace evolve {
namespace {

// Two owners would close it twice.
static_assert(!std::is_copy_constructible_v<unique_fd>);
static_assert(!std::is_copy_assignable_v<unique_fd>);
static_assert(std::is_nothrow_move_constructible_v<unique_fd>);
static_assert(std::is_nothrow_move_assignable_v<unique_fd>);

unique_fd make() {
  return unique_fd(::dup(STDERR_FILENO));
}

TEST(UniqueFd, ClosesItsDescriptorWhenItGoes) {
  std::optional<unique_fd> owner(make());
  const int fd = owner->get();
  ASSERT_TRUE(is_open(fd));

  owner.reset();

  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, OwnsNothingAtFirst) {
  const unique_fd nothing;
  EXPECT_FALSE(nothing);
  EXPECT_LT(nothing.get(), 0);
}

TEST(UniqueFd, OwnsNothingWhenAFailedCallMadeIt) {
  EXPECT_FALSE(unique_fd(::dup(-1)));
}

TEST(UniqueFd, OwnsEveryNumberThatADescriptorCanHave) {
  unique_fd input(STDIN_FILENO);
  EXPECT_TRUE(input);
  EXPECT_EQ(input.release(), 0);
}

TEST(UniqueFd, GivesItsDescriptorToTheOneItIsMovedTo) {
  unique_fd from = make();
  const int fd = from.get();

  const unique_fd to(std::move(from));

  EXPECT_EQ(to.get(), fd);
  EXPECT_FALSE(from);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFd, ClosesWhatItOwnedWhenItIsGivenAnother) {
  unique_fd to = make();
  unique_fd from = make();
  const int old = to.get();
  const int fresh = from.get();

  to = std::move(from);

  EXPECT_EQ(to.get(), fresh);
  EXPECT_FALSE(from);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(fresh));
}

TEST(UniqueFd, ClosesWhatItOwnedWhenItIsGivenNothing) {
  unique_fd owner = make();
  const int fd = owner.get();
  owner = unique_fd();
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, KeepsItsDescriptorWhenItIsGivenItself) {
  unique_fd owner = make();
  const int fd = owner.get();
  unique_fd& same = owner;

  owner = std::move(same);

  EXPECT_EQ(owner.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFd, LeavesOpenWhatItHasReleased) {
  int fd = -1;
  {
    unique_fd owner = make();
    fd = owner.release();
    EXPECT_FALSE(owner);
  }
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

}  // namespace
}  // namespace evolve
