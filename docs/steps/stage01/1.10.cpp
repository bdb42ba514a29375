#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "evolve/event_base.h"

using namespace evolve;

static void serve(const char* method) {
  event_base base(method);
  int ends[2];
  if (::pipe(ends) != 0) return;
  event input(base, ends[0], what::read,
              [&] { std::printf("%s has found it\n", base.method()); });
  input.add();
  if (::write(ends[1], "!", 1) == 1) base.dispatch();
}

int main() {
  for (const char* method : {"poll", "select"}) {
    try {
      serve(method);
    } catch (const std::invalid_argument& why) {
      std::puts(why.what());
    }
  }
}
