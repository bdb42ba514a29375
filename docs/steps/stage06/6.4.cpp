#include <unistd.h>

#include <cstdio>
#include <memory>
#include <system_error>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event output(base, ends[1], what::write | what::persist, [](what fired) {
    std::printf("  called for %s\n", to_string(fired).c_str());
  });
  output.add();
  ::close(ends[0]);  // the pipe has no reader any more
  for (int turn = 1; turn <= 2; ++turn) {
    std::printf("turn %d\n", turn);
    base.loop(loop_flags::nonblock);
  }
  std::printf("pending: %s\n", to_string(output.pending()).c_str());
  event wrong(base, ends[0], what::read, [] {});
  try {
    wrong.add();
    std::puts("a closed descriptor is added");
  } catch (const std::system_error& error) {
    std::puts("a closed descriptor is refused at once");
  }
}
