#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  int called = 0;
  event reads(base, ends[0], what::read | what::persist | what::et,
              [&called] { ++called; });
  event writes(base, ends[0], what::write | what::persist | what::et, [] {});
  reads.add();
  if (::write(ends[1], "x", 1) != 1) return 1;
  base.loop(loop_flags::nonblock);
  for (int turn = 0; turn < 5; ++turn) {
    writes.add();
    writes.del();
    base.loop(loop_flags::nonblock);
  }
  std::printf("calls for the one byte that has arrived: %d\n", called);
}
