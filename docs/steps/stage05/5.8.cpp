#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  for (const char* variable :
       {"EVENT_NOEPOLL", "EVENT_NOPOLL", "EVENT_NOSELECT"}) {
    ::setenv(variable, "1", 1);
    try {
      std::printf("with %s it is %s\n", variable, event_base().method());
    } catch (const std::runtime_error&) {
      std::printf("with %s none is left\n", variable);
    }
  }
}
