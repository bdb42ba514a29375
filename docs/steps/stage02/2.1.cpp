#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], "hello", 5) != 5) return 1;
  event_base base;
  event display(base, ends[0], what::read, [] { std::puts("display: hello"); });
  event journal(base, ends[0], what::read, [] { std::puts("journal: hello"); });
  display.add();
  try {
    journal.add();
  } catch (const std::system_error& refusal) {
    std::printf("the journal is refused: %s\n",
                refusal.code().message().c_str());
  }
  base.dispatch();
}
