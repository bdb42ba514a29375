/// \file
/// What crosses the border between a program and the library: templates and
/// inline functions, a class that is derived from the library's, exceptions of
/// both, and another thread. Says by which backend it has waited.
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "evolve/event_base.h"
#include "evolve/log.h"
#include "evolve/unique_fd.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::what;

void require(bool holds, const std::string& what_for) {
  if (!holds) throw std::logic_error("does not hold: " + what_for);
}

// Whether `function` throws an Exception, and nothing else.
template <class Exception, class F>
bool throws(F function) {
  try {
    function();
  } catch (const Exception&) {
    return true;
  }
  return false;
}

// Only this program knows of it.
struct own_error {};

// A backend on which nothing ever happens but that it fails.
class failing final : public evolve::eventop {
 public:
  explicit failing(bool by_system) : by_system_(by_system) {}
  const char* name() const noexcept override { return "failing"; }
  void add(int, what, what) override {}
  void del(int, what, what) noexcept override {}
  void prepare() override {}
  void wait(std::optional<evolve::duration>) override {
    if (by_system_)
      throw std::system_error(std::make_error_code(std::errc::io_error));
    throw own_error();
  }
  std::span<const evolve::ready> collect() override { return {}; }

 private:
  bool by_system_;
};

void exceptions_cross() {
  event_base base;
  event closed(base, -1, what::read, [] {});
  require(throws<std::system_error>([&] { closed.add(); }), "a system_error");
  event nothing = event::timer(base, [] {});
  require(throws<std::invalid_argument>([&] { nothing.add(); }),
          "an invalid_argument");
  base.once(-1, what::none, [] { throw own_error(); });
  require(throws<own_error>([&] { base.dispatch(); }),
          "a callback's exception");
  base.post([text = std::string("not only words")] { throw text; });
  require(throws<std::string>([&] { base.dispatch(); }), "a task's exception");
}

void classes_cross() {
  event_base broken(std::make_unique<failing>(true));
  broken.loopexit(std::chrono::hours(1));
  require(throws<evolve::backend_error>([&] { broken.dispatch(); }),
          "the library's exception");
  event_base base(std::make_unique<failing>(false));
  event tick = event::timer(base, [] {});
  tick.add(std::chrono::hours(1));
  require(throws<own_error>([&] { base.dispatch(); }), "a backend's exception");
  const std::unique_ptr<evolve::eventop> poll = evolve::make_eventop("poll");
  require(dynamic_cast<failing*>(poll.get()) == nullptr, "the type of a class");
}

// What comes through a pipe is posted by another thread, and written by it.
void threads_cross() {
  std::array<int, 2> ends{};
  require(::pipe(ends.data()) == 0, "a pipe");
  const evolve::unique_fd in(ends[0]);
  const evolve::unique_fd out(ends[1]);
  event_base base;
  base.make_notifiable();
  std::string got;
  event readable(base, in.get(), what::read, [&got](int fd, what) {
    char c = 0;
    require(::read(fd, &c, 1) == 1, "a byte");
    got += c;
  });
  readable.add();
  std::thread other([&] {
    base.post(
        [&got, word = std::make_unique<std::string>("ok")] { got += *word; });
    require(::write(out.get(), "!", 1) == 1, "room for a byte");
  });
  base.dispatch();
  other.join();
  require(got.size() == 3, "what has come: " + got);
}

}  // namespace

int main() {
  try {
    evolve::set_log_callback([](evolve::severity, const char*) {});
    exceptions_cross();
    classes_cross();
    threads_cross();
    std::cout << "by " << event_base().method() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
