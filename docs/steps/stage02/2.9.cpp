#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int one[2];
  int two[2];
  if (::pipe(one) != 0 || ::pipe(two) != 0) return 1;
  event_base base("poll");
  event lost(base, two[0], what::read, [](int, what fired) {
    std::printf("called for: %s\n", to_string(fired).c_str());
  });
  event sound(base, one[0], what::read, [&](int, what) {
    std::puts("make the other event due, to read");
    lost.active(what::read);
  });
  sound.add();
  lost.add();
  if (::write(one[1], "x", 1) != 1) return 1;
  ::close(two[0]);  // the mistake: there is still an event on it
  base.dispatch();
}
