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
  event first(base, a[0], what::read, [] { std::puts("connection A"); });
  first.add();
  base.loop(loop_flags::nonblock);

  first.del();
  ::close(a[0]);
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, b) != 0) return 1;
  std::printf("B has %s number\n", b[0] == a[0] ? "A's" : "another");
  bool heard = false;
  event second(base, b[0], what::read, [&heard] { heard = true; });
  second.add();
  if (::write(b[1], "hello", 5) != 5) return 1;
  base.loop(loop_flags::nonblock);
  std::printf("B has said something: %s\n", heard ? "heard" : "not heard");
}
