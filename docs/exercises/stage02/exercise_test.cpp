// red: does not compile
// event_base::del_by_fd(): no event is called for that descriptor any more.

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>

#include "evolve/event_base.h"
#include "test/on_fake.h"

namespace evolve {
namespace {

class DelByFd : public OnFake {};

TEST_F(DelByFd, DeletesAllThatWaitOnTheDescriptor) {
  event reader(base, fds.a(), what::read | what::persist, [] { FAIL(); });
  event another(base, fds.a(), what::read, [] { FAIL(); });
  event writer(base, fds.a(), what::write, [] { FAIL(); });
  event elsewhere(base, fds.b(), what::read, [this] { called('e'); });
  for (event* ev : {&reader, &another, &writer, &elsewhere}) ev->add();

  EXPECT_EQ(base.del_by_fd(fds.a()), 3u);

  base.self_check();
  EXPECT_EQ(base.num_events(event_count::added), 1u);
  finds(fds.b(), what::read);
  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "e1 ");
}

TEST_F(DelByFd, TellsTheBackendThatNobodyIsLeft) {
  event ev(base, fds.a(), what::read | what::write, [] {});
  ev.add();

  base.del_by_fd(fds.a());

  ASSERT_EQ(kernel.calls.size(), 2u);
  EXPECT_EQ(kernel.calls[1],
            "del " + std::to_string(fds.a()) + " read|write->none");
}

TEST_F(DelByFd, TakesBackTheCallsOfThoseThatOnlyAreDue) {
  base.priority_init(3);
  event urgent(base, fds.a(), what::read, [] { FAIL(); });
  event lazy(base, fds.a(), what::read, [] { FAIL(); });
  event elsewhere(base, fds.b(), what::read, [this] { called('e'); });
  urgent.priority_set(0);
  lazy.priority_set(2);
  for (event* ev : {&urgent, &lazy, &elsewhere}) ev->active(what::read);

  EXPECT_EQ(base.del_by_fd(fds.a()), 2u);

  base.self_check();
  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "e1 ");
}

TEST_F(DelByFd, CountsOnceWhoIsAddedAndDue) {
  event ev(base, fds.a(), what::read, [] { FAIL(); });
  ev.add();
  ev.active(what::read);

  EXPECT_EQ(base.del_by_fd(fds.a()), 1u);

  EXPECT_EQ(ev.pending(), what::none);
}

TEST_F(DelByFd, ForgetsWhatWasAskedForWithOnce) {
  base.once(fds.a(), what::read, [] { FAIL(); });
  base.once(fds.b(), what::read, [this] { called('b'); });
  base.once(fds.a(), what::write, [] { FAIL(); });

  EXPECT_EQ(base.del_by_fd(fds.a()), 2u);

  base.self_check();
  EXPECT_EQ(base.num_events(event_count::added), 1u);
  finds(fds.b(), what::read);
  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "b1 ");
}

TEST_F(DelByFd, MayBeCalledByAnyCallbackOfTheDescriptor) {
  std::optional<std::size_t> deleted;
  event first(base, fds.a(), what::read | what::persist, [&] {
    called('a');
    deleted = base.del_by_fd(fds.a());
  });
  event second(base, fds.a(), what::read, [] { FAIL(); });
  first.add();
  second.add();
  finds(fds.a(), what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(trace, "a1 ");
  EXPECT_EQ(deleted, 2u);
}

TEST_F(DelByFd, MayBeCalledByOnce) {
  std::optional<std::size_t> deleted;
  base.once(fds.a(), what::read, [&] { deleted = base.del_by_fd(fds.a()); });
  finds(fds.a(), what::read);

  EXPECT_EQ(base.loop(), loop_result::no_events);

  EXPECT_EQ(deleted, 0u) << "it has been deleted before its call";
}

TEST_F(DelByFd, KnowsNobodyOnOtherNumbers) {
  event due(base, -1, what::none, [this] { called('d'); });
  due.active(what::read);

  for (const int fd : {-1, fds.a(), 1 << 30}) {
    EXPECT_EQ(base.del_by_fd(fd), 0u);
  }

  EXPECT_EQ(base.loop(), loop_result::no_events);
  EXPECT_EQ(trace, "d1 ");
}

}  // namespace
}  // namespace evolve
