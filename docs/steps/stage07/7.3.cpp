#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base("epoll (with changelist)");
  int a[2];
  int b[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, a) != 0) return 1;
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, b) != 0) return 1;
  const int fd = ::dup(a[0]);  // the number that both have by turns
  int called = 0;
  event ev(base, fd, what::read | what::persist, [&called] { ++called; });
  ev.add();
  base.loop(loop_flags::nonblock);
  for (const int file : {b[0], a[0]}) {
    ev.del();
    ::dup2(file, fd);
    ev.add();
    base.loop(loop_flags::nonblock);
  }
  for (const int peer : {b[1], a[1]}) {
    if (::write(peer, "x", 1) != 1) return 1;
    called = 0;
    base.loop(loop_flags::nonblock);
    std::printf("%s is readable: %s\n", peer == b[1] ? "B" : "A, too,",
                called ? "called" : "not called");
  }
}
