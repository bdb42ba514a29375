#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "evolve/changelist.h"

namespace evolve {
namespace {

class Changelist : public ::testing::Test {
 protected:
  void note(int fd, what old, what now) {
    list.reserve(fd, list.changes().size() + 1);
    list.note(fd, old, now);
  }

  /// All that is noted: "3 none->read, 4 read->read?"; with a question mark
  /// where the kernel has to be asked.
  std::string noted() const {
    std::string all;
    for (const changelist::change& c : list.changes()) {
      all += (all.empty() ? "" : ", ") + std::to_string(c.fd) + ' ' +
             to_string(c.old) + "->" + to_string(c.now) +
             (c.doubted ? "?" : "");
    }
    return all;
  }

  changelist list;
};

TEST_F(Changelist, HasNothingAtFirst) {
  EXPECT_FALSE(list.has(0));
  EXPECT_EQ(noted(), "");
}

TEST_F(Changelist, HasWhatWasNoted) {
  note(3, what::none, what::read);
  EXPECT_TRUE(list.has(3));
  EXPECT_EQ(noted(), "3 none->read");
}

TEST_F(Changelist, HasNothingOfOtherDescriptors) {
  note(3, what::none, what::read);
  list.reserve(5, 1);
  EXPECT_FALSE(list.has(0));
  EXPECT_FALSE(list.has(4));
  EXPECT_FALSE(list.has(5));
  EXPECT_FALSE(list.has(1000));
}

TEST_F(Changelist, HasNothingOfWhatIsOnlyReserved) {
  list.reserve(3, 1);
  EXPECT_FALSE(list.has(3));
  EXPECT_EQ(noted(), "");
}

TEST_F(Changelist, SaysWhenThereIsNoMoreRoom) {
  for (int fd = 0; fd < 100; ++fd) list.reserve(fd, 1);
  int noted = 1;
  while (!list.note(noted, what::none, what::read)) ++noted;

  EXPECT_EQ(list.changes().size(), static_cast<std::size_t>(noted));
  EXPECT_FALSE(list.note(1, what::read, what::none)) << "it has a change";
  list.make_room(100);
  for (int fd = noted + 1; fd < 100; ++fd) {
    EXPECT_FALSE(list.note(fd, what::none, what::read)) << fd;
  }
  EXPECT_EQ(list.changes().size(), 99u);
}

TEST_F(Changelist, HasItsRoomAgainWhenTheKernelHasBeenTold) {
  list.reserve(1, 2);
  EXPECT_FALSE(list.note(1, what::none, what::read));
  list.clear();
  EXPECT_EQ(noted(), "");
  EXPECT_FALSE(list.note(1, what::none, what::read));
  EXPECT_EQ(noted(), "1 none->read");
}

TEST_F(Changelist, KeepsTheFirstOldAndTheLastNow) {
  note(3, what::read, what::read | what::write);
  note(3, what::read | what::write, what::write);
  note(3, what::write, what::write | what::closed);
  EXPECT_EQ(noted(), "3 read->write|closed");
}

TEST_F(Changelist, DoesNotDoubtWhatWasWantedAllTheTime) {
  note(3, what::read, what::read | what::write);
  note(3, what::read | what::write, what::read);
  EXPECT_EQ(noted(), "3 read->read");
}

TEST_F(Changelist, DoubtsWhatWasWantedForNothingInBetween) {
  note(3, what::read, what::none);
  note(3, what::none, what::read);
  EXPECT_EQ(noted(), "3 read->read?");
}

TEST_F(Changelist, GoesOnDoubting) {
  note(3, what::read, what::none);
  note(3, what::none, what::read);
  note(3, what::read, what::read | what::write);
  note(3, what::read | what::write, what::read);
  EXPECT_EQ(noted(), "3 read->read?");
}

TEST_F(Changelist, DoubtsWhatIsNotedWithoutAChange) {
  note(3, what::read, what::read);
  EXPECT_EQ(noted(), "3 read->read?");
}

TEST_F(Changelist, DoubtsADescriptorAndNoOther) {
  note(3, what::read, what::none);
  note(4, what::read, what::write);
  EXPECT_EQ(noted(), "3 read->none?, 4 read->write");
}

TEST_F(Changelist, KnowsWhatWasWantedForNothingAtSomeTime) {
  list.reserve(6, 1);
  note(3, what::read, what::none);
  note(3, what::none, what::read);
  note(4, what::none, what::read);
  note(5, what::read, what::read | what::write);
  note(5, what::read | what::write, what::write);
  note(5, what::write, what::write);
  for (const int fd : {3, 4}) EXPECT_TRUE(list.ended(fd)) << fd;
  for (const int fd : {5, 6, 7}) EXPECT_FALSE(list.ended(fd)) << fd;

  list.clear();
  EXPECT_FALSE(list.ended(3));
  note(3, what::read, what::read);
  EXPECT_FALSE(list.ended(3));
}

TEST_F(Changelist, IsInTheOrderOfTheFirstChanges) {
  for (const int fd : {7, 3, 5}) note(fd, what::none, what::read);
  for (const int fd : {3, 7}) note(fd, what::read, what::write);
  EXPECT_EQ(noted(), "7 none->write, 3 none->write, 5 none->read");
}

TEST_F(Changelist, IsEmptyWhenItIsCleared) {
  note(3, what::none, what::read);
  list.clear();
  EXPECT_FALSE(list.has(3));
  EXPECT_EQ(noted(), "");
}

TEST_F(Changelist, BeginsAnewWhenItIsCleared) {
  note(3, what::read, what::none);
  list.clear();
  note(3, what::none, what::write);
  EXPECT_EQ(noted(), "3 none->write");
}

// The places of 3 and 4 before the clearing are those of 4 and 3 after it.
TEST_F(Changelist, TakesNoPlaceFromBeforeItWasCleared) {
  note(3, what::read, what::none);
  note(4, what::none, what::read);
  list.clear();
  note(4, what::read, what::write);
  EXPECT_FALSE(list.has(3));
  note(3, what::none, what::read);
  note(4, what::write, what::read);
  EXPECT_EQ(noted(), "4 read->read, 3 none->read");
}

TEST_F(Changelist, DoubtsOnRequestWhatHasChanged) {
  list.reserve(4, 1);
  note(3, what::read, what::read | what::write);

  EXPECT_TRUE(list.doubt(3));
  EXPECT_FALSE(list.doubt(4));
  EXPECT_FALSE(list.doubt(1000));

  EXPECT_EQ(noted(), "3 read->read|write?");
}

}  // namespace
}  // namespace evolve
