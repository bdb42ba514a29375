#include <unistd.h>

#include <cstdio>
#include <memory>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  int a[2], b[2];
  if (::pipe(a) != 0 || ::pipe(b) != 0) return 1;
  event first(base, a[0], what::read, [] { std::puts("first is called"); });
  first.add();
  base.loop(loop_flags::nonblock);  // now the kernel has a knote
  ::dup2(b[0], a[0]);  // closes a[0], and gives b's pipe its number
  event second(base, a[0], what::read, [] { std::puts("second is called"); });
  second.add();
  if (::write(b[1], "x", 1) != 1) return 1;
  base.loop(loop_flags::nonblock);
  std::printf("still waiting: %zu\n", base.num_events(event_count::added));
}
