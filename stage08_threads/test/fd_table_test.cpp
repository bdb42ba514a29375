#include <gtest/gtest.h>

#include <climits>
#include <new>
#include <system_error>

#include "evolve/fd_table.h"
#include "test/pair.h"
#include "test/thrown.h"

namespace evolve {
namespace {

TEST(FdTable, HasNoPlaceAtFirst) {
  const fd_table<int> table;

  EXPECT_EQ(table.size(), 0);
  for (const int fd : {0, 5, INT_MAX, -1}) EXPECT_FALSE(table.has(fd)) << fd;
}

TEST(FdTable, HasAPlaceForWhatIsReservedAndAllBelow) {
  const pair fds;
  fd_table<int> table;

  table.reserve(fds.a());

  EXPECT_EQ(table.size(), fds.a() + 1);
  EXPECT_TRUE(table.has(0));
  EXPECT_TRUE(table.has(fds.a()));
  EXPECT_FALSE(table.has(fds.a() + 1));
  EXPECT_FALSE(table.has(-1));
}

TEST(FdTable, HasTheValueOfNothingInAFreshPlace) {
  fd_table<int> table;
  table.grow(7);

  for (int fd = 0; fd < table.size(); ++fd) EXPECT_EQ(table[fd], 0);
}

TEST(FdTable, KeepsWhatIsInItWhenItGrows) {
  fd_table<int> table;
  table.grow(2);
  for (const int fd : {0, 1, 2}) table[fd] = 10 + fd;

  table.grow(1000);

  const fd_table<int>& grown = table;
  for (const int fd : {0, 1, 2}) EXPECT_EQ(grown[fd], 10 + fd);
  EXPECT_EQ(grown[1000], 0);
}

TEST(FdTable, NeverGetsSmaller) {
  fd_table<int> table;
  table.grow(10);
  table.grow(3);

  EXPECT_EQ(table.size(), 11);
}

TEST(FdTable, ReservesTheSamePlaceAgain) {
  const pair fds;
  fd_table<int> table;
  table.reserve(fds.a()) = 5;

  EXPECT_EQ(table.reserve(fds.a()), 5);
}

TEST(FdTable, HasAPlaceForAClosedDescriptorThatHadOne) {
  const int closed = closed_fd();
  fd_table<int> table;
  table.grow(closed);
  table[closed] = 5;

  EXPECT_EQ(table.reserve(closed), 5);
}

TEST(FdTable, RefusesAPlaceToANumberThatNoDescriptorHas) {
  fd_table<int> table;

  for (const int fd : {closed_fd(), INT_MAX, -1}) {
    EXPECT_EQ(error_of([&] { table.reserve(fd); }),
              std::errc::bad_file_descriptor);
    EXPECT_EQ(table.size(), 0);
  }
}

/// Cannot be copied or moved to another place while `too_dear` is set.
struct heavy {
  heavy() = default;
  heavy(const heavy& other) : value(other.value) {
    if (too_dear) throw std::bad_alloc();
    ++copies;
  }
  heavy& operator=(const heavy&) = default;

  int value = 0;
  static inline bool too_dear = false;
  static inline int copies = 0;
};

TEST(FdTable, IsAsItWasWhenItCannotGrow) {
  fd_table<heavy> table;
  table.grow(2);
  table[2].value = 5;

  heavy::too_dear = true;
  EXPECT_THROW(table.grow(1000), std::bad_alloc);
  heavy::too_dear = false;

  EXPECT_EQ(table.size(), 3);
  EXPECT_EQ(table[2].value, 5);
}

TEST(FdTable, CopiesAPlaceSeldomWhileDescriptorsAreAddedOneByOne) {
  constexpr int most = 100'000;
  fd_table<heavy> table;
  heavy::copies = 0;

  for (int fd = 0; fd < most; ++fd) table.grow(fd);

  EXPECT_LT(heavy::copies, 17 * most);
}

TEST(FdTable, HasMemoryForASixteenthMore) {
  fd_table<heavy> table;
  table.grow(16'000);
  const auto room = static_cast<int>(table.room(16'000));
  EXPECT_LE(room, 17'020);
  heavy::copies = 0;

  table.grow(room - 1);
  EXPECT_EQ(heavy::copies, 0);
  table.grow(room);
  EXPECT_EQ(heavy::copies, room);
}

#ifndef NDEBUG
TEST(FdTableDeathTest, DiesOfADescriptorWithoutAPlace) {
  fd_table<int> table;
  table.grow(2);

  EXPECT_DEATH(table[3] = 1, "has\\(fd\\)");
  EXPECT_DEATH(table[-1] = 1, "has\\(fd\\)");
  EXPECT_DEATH(table.grow(-1), "fd >= 0");
}
#endif

}  // namespace
}  // namespace evolve
