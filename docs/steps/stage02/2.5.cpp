#include <unistd.h>

#include <cstdio>
#include <exception>

#include "evolve/event_base.h"

using namespace evolve;

template <class F>
static void attempt(const char* name, F call) try {
  call();
  std::printf("%s is accepted\n", name);
} catch (const std::exception& refusal) {
  std::printf("%s is refused: %s\n", name, refusal.what());
}

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event_base base;
  base.priority_init(3);
  event last(base, ends[0], what::read, [] {});
  attempt("priority 7 of 3", [&] { last.priority_set(7); });
  last.priority_set(2);
  last.add();
  attempt("one priority, while an event has 2", [&] { base.priority_init(1); });
  last.del();
  attempt("one priority", [&] { base.priority_init(1); });
  attempt("adding the event", [&] { last.add(); });
}
