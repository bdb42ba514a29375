#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event_base base;
  int part = 0;
  event* again = nullptr;
  event work(base, -1, what::none, [&] {
    std::printf("part %d of the work\n", ++part);
    if (part == 1 && ::write(ends[1], "stop", 4) == 4) {
      std::puts("  (stop is written into the pipe)");
    }
    if (part < 5) again->active(what::none);
  });
  again = &work;
  event input(base, ends[0], what::read, [&] {
    std::puts("there is something to read");
    work.del();
  });
  input.add();
  work.active(what::none);
  base.dispatch();
}
