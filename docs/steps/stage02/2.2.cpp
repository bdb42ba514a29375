#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event_base base;
  event input(base, ends[0], what::read, [&](int, what fired) {
    std::printf("called for: %s\n", to_string(fired).c_str());
  });
  const auto show = [&](const char* done) {
    std::printf("%-8s  added %zu, due %zu, pending: %s\n", done,
                base.num_events(event_count::added),
                base.num_events(event_count::active),
                to_string(input.pending()).c_str());
  };
  show("made");
  input.active(what::write);
  show("active()");
  input.add();
  show("add()");
  input.active(what::read);
  base.dispatch();
  show("called");
}
