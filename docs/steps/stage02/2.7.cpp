#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  base.priority_init(2);
  event* self = nullptr;
  int calls = 0;
  event ticker(base, -1, what::none, [&] {
    std::printf("  call %d\n", ++calls);
    self->active(what::none);
    if (calls == 4) base.loopexit();
    if (calls == 5) base.loopbreak();
  });
  self = &ticker;
  event rest(base, -1, what::none, [] { std::puts("  the rest"); });
  ticker.priority_set(0);
  ticker.active(what::none);
  rest.active(what::none);
  std::puts("one look:");
  base.loop(loop_flags::nonblock);
  std::puts("until loopexit():");
  rest.active(what::none);
  base.loop();
  std::puts("until loopbreak():");
  rest.active(what::none);
  base.loop();
  std::printf("%zu events are due\n", base.num_events(event_count::active));
}
