#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  int calls = 0;
  event gone(base, ends[0], what::closed | what::persist, [&] { ++calls; });
  try {
    gone.add();
  } catch (const std::invalid_argument& refusal) {
    std::puts(refusal.what());
  }
  const auto turns = [&](const char* when) {
    for (int i = 0; i < 3; ++i) base.loop(loop_flags::nonblock);
    std::printf("%s: called %d times in three turns\n", when, calls);
  };
  turns("a silent peer");
  if (::write(ends[1], "bytes", 5) != 5) return 1;
  turns("bytes that nobody reads");
  ::close(ends[1]);
  turns("the peer has closed");
}
