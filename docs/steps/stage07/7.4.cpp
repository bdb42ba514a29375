#include <cstdio>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  std::printf("the first choice: %s\n", event_base().method());
  event_base base("epoll (with changelist)");
  std::FILE* const file = std::tmpfile();
  event ev(base, ::fileno(file), what::read, [](int, what fired) {
    std::printf("called for: %s\n", to_string(fired).c_str());
  });
  try {
    ev.add();
    std::puts("a file on disk is added");
  } catch (const std::system_error& refusal) {
    std::puts(refusal.what());
  }
  base.dispatch();
}
