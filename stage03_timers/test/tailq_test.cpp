#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <iterator>
#include <vector>

#include "evolve/tailq.h"

namespace evolve {
namespace {

/// An element that can be on two queues.
struct node {
  int value;
  tailq_entry<node> entry = {};
  tailq_entry<node> other_entry = {};
};

using queue = tailq<node, &node::entry>;
using other_queue = tailq<node, &node::other_entry>;

static_assert(std::forward_iterator<queue::iterator>);

/// What is on a queue, from the front to the back.
std::vector<int> values(const auto& waiting) {
  std::vector<int> found;
  for (const node& n : waiting) found.push_back(n.value);
  return found;
}

using numbers = std::vector<int>;

/// A queue of four.
class Tailq : public ::testing::Test {
 protected:
  Tailq() {
    for (node& n : nodes) on.push_back(n);
  }

  std::array<node, 4> nodes = {{{0}, {1}, {2}, {3}}};
  queue on;
};

TEST_F(Tailq, BeginsEmpty) {
  const queue made;

  EXPECT_TRUE(made.empty());
  EXPECT_EQ(made.begin(), made.end());
}

TEST_F(Tailq, KeepsTheOrderOfComing) {
  EXPECT_FALSE(on.empty());
  EXPECT_EQ(&on.front(), &nodes[0]);
  EXPECT_EQ(values(on), (numbers{0, 1, 2, 3}));
}

TEST_F(Tailq, LosesItsFront) {
  on.remove(nodes[0]);

  EXPECT_EQ(&on.front(), &nodes[1]);
  EXPECT_EQ(values(on), (numbers{1, 2, 3}));
}

TEST_F(Tailq, LosesOneFromTheMiddle) {
  on.remove(nodes[1]);

  EXPECT_EQ(values(on), (numbers{0, 2, 3}));
}

TEST_F(Tailq, LosesItsBack) {
  on.remove(nodes[3]);
  EXPECT_EQ(values(on), (numbers{0, 1, 2}));

  node last{4};
  on.push_back(last);
  EXPECT_EQ(values(on), (numbers{0, 1, 2, 4}));
}

TEST_F(Tailq, IsEmptyWhenAllHaveGoneInAnyOrder) {
  for (const std::size_t at : {2u, 0u, 3u, 1u}) on.remove(nodes[at]);
  EXPECT_TRUE(on.empty());

  on.push_back(nodes[2]);
  EXPECT_EQ(values(on), numbers{2});
}

TEST_F(Tailq, WhoComesBackIsTheLast) {
  on.remove(nodes[1]);
  on.push_back(nodes[1]);

  EXPECT_EQ(values(on), (numbers{0, 2, 3, 1}));
}

TEST_F(Tailq, AnElementCanBeOnTwoQueues) {
  other_queue other;
  other.push_back(nodes[2]);
  other.push_back(nodes[1]);

  on.remove(nodes[2]);

  EXPECT_EQ(values(on), (numbers{0, 1, 3}));
  EXPECT_EQ(values(other), (numbers{2, 1}));
}

TEST_F(Tailq, CanMoveInMemory) {
  std::vector<queue> queues(1, on);
  queues.resize(queues.capacity() + 1);

  queue& moved = queues.front();
  moved.remove(nodes[0]);
  moved.remove(nodes[3]);
  moved.push_back(nodes[0]);

  EXPECT_EQ(values(moved), (numbers{1, 2, 0}));
}

TEST_F(Tailq, AWalkGoesOnWhenOthersGo) {
  auto at = on.begin();
  EXPECT_EQ(at++->value, 0);
  EXPECT_EQ(at->value, 1);

  on.remove(nodes[0]);
  on.remove(nodes[2]);

  EXPECT_EQ((++at)->value, 3);
  EXPECT_EQ(++at, on.end());
}

TEST_F(Tailq, AWalkMeetsWhoComesDuringIt) {
  auto at = std::next(on.begin(), 3);
  node late{4};

  on.push_back(late);

  EXPECT_EQ(&*++at, &late);
}

TEST_F(Tailq, ItsEndDoesNothingToItsElements) {
  {
    other_queue shortlived;
    for (node& n : nodes) shortlived.push_back(n);
  }
  EXPECT_EQ(nodes[1].other_entry.prev, &nodes[0]);
  EXPECT_EQ(nodes[1].other_entry.next, &nodes[2]);
  EXPECT_EQ(values(on), (numbers{0, 1, 2, 3}));
}

#ifndef NDEBUG
using TailqDeathTest = Tailq;

TEST_F(TailqDeathTest, DiesOfAnElementThatIsOnItAlready) {
  EXPECT_DEATH(on.push_back(nodes[3]), "last_ != &element");
}

TEST_F(TailqDeathTest, DiesOfTheRemovalOfWhatIsNotOnIt) {
  node other{9};
  EXPECT_DEATH(on.remove(other), "== &element");

  on.remove(nodes[1]);
  EXPECT_DEATH(on.remove(nodes[1]), "== &element");
}

TEST_F(TailqDeathTest, DiesOfTheQuestionWhoIsFirstOfNone) {
  EXPECT_DEATH(queue().front(), "empty");
}
#endif

TEST_F(Tailq, TellsWhoCameLast) {
  EXPECT_EQ(on.back(), &nodes[3]);

  on.remove(nodes[3]);
  EXPECT_EQ(on.back(), &nodes[2]);

  EXPECT_EQ(queue().back(), nullptr);
}

TEST_F(Tailq, LetsAnElementInBehindAnother) {
  node between{9};
  on.insert_after(&nodes[1], between);

  EXPECT_EQ(values(on), (numbers{0, 1, 9, 2, 3}));
  EXPECT_EQ(between.entry.prev, &nodes[1]);
  EXPECT_EQ(nodes[2].entry.prev, &between);
}

TEST_F(Tailq, LetsAnElementInBehindTheLast) {
  node last{9};
  on.insert_after(&nodes[3], last);

  EXPECT_EQ(values(on), (numbers{0, 1, 2, 3, 9}));
  EXPECT_EQ(on.back(), &last);
}

TEST_F(Tailq, LetsAnElementInAtTheFront) {
  node first{9};
  on.insert_after(nullptr, first);

  EXPECT_EQ(values(on), (numbers{9, 0, 1, 2, 3}));
  EXPECT_EQ(&on.front(), &first);
  EXPECT_EQ(nodes[0].entry.prev, &first);
}

TEST_F(Tailq, LetsAnElementInWhereThereIsNone) {
  node only{9};
  queue empty;
  empty.insert_after(nullptr, only);

  EXPECT_EQ(values(empty), numbers{9});
  EXPECT_EQ(empty.back(), &only);
}

}  // namespace
}  // namespace evolve
