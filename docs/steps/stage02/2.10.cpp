#include <unistd.h>

#include <cstdio>
#include <memory>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], "hello", 5) != 5) return 1;
  event_base base;
  const auto now = [&](const char* where) {
    std::printf("%s: %s is being called\n", where,
                base.running_event() ? "an event" : "none");
  };
  base.once(ends[0], what::read, [&](int, what fired) {
    std::printf("%s, once\n", to_string(fired).c_str());
  });
  base.once(-1, what::none, [&] { now("in the next turn"); });
  std::unique_ptr<event> self;
  self = std::make_unique<event>(base, -1, what::none, [&] {
    now("before its end");
    self.reset();
    now("after its end");
  });
  self->active(what::none);
  base.dispatch();
  now("outside");
}
