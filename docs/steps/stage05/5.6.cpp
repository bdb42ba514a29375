#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  int ends[2];
  for (const what mode : {what::none, what::et}) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    if (::write(ends[1], "ten bytes.", 10) != 10) return 1;
    int calls = 0;
    event input(base, ends[0], what::read | what::persist | mode, [&] {
      char byte;
      calls += ::read(ends[0], &byte, 1) == 1;
    });
    input.add();
    for (int i = 0; i < 20; ++i) base.loop(loop_flags::nonblock);
    std::printf("calls for %s: %d\n", to_string(input.events()).c_str(), calls);
  }
  event gone(base, ends[0], what::closed, [] {
    std::puts("the peer has closed, and nine bytes are not read yet");
  });
  gone.add();
  ::close(ends[1]);
  base.loop(loop_flags::nonblock);
}
