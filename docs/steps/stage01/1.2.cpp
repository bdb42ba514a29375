#include <unistd.h>

#include <cstdio>

#include "evolve/eventop.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  const auto backend = make_eventop("poll");
  backend->add(ends[0], what::none, what::read);
  backend->add(ends[1], what::none, what::write);
  for (const char* state : {"the pipe is empty", "a byte is in the pipe"}) {
    backend->prepare();
    backend->wait(1min);
    std::printf("%s\n", state);
    for (const ready& r : backend->collect()) {
      std::printf("  %s end: %s\n", r.fd == ends[0] ? "this" : "the other",
                  to_string(r.fired).c_str());
    }
    if (::write(ends[1], "!", 1) != 1) return 1;
  }
}
