#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "evolve/kqueue.h"

using evolve::what;

int main() {
  evolve::kqueue backend;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  const auto count = [&backend](const char* what_ends) {
    int ended = 0;
    for (int i = 0; i < 5; ++i) {
      backend.prepare();
      backend.wait(std::chrono::nanoseconds(0));
      ended += !backend.collect().empty();
    }
    std::printf("%s %d of 5 waits\n", what_ends, ended);
  };
  backend.add(ends[0], what::none, what::closed);
  if (::write(ends[1], "bytes", 5) != 5) return 1;
  count("bytes that nobody reads end");
  backend.add(ends[0], what::closed, what::closed | what::read);
  count("bytes for a reader end");
  backend.del(ends[0], what::closed | what::read, what::closed);
  ::close(ends[1]);
  count("a close ends");
}
