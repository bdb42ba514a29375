#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <list>

#include "evolve/event_base.h"

using namespace evolve;

static int epolls = 0;

extern "C" int epoll_create1(int flags) noexcept {
  ++epolls;
  return static_cast<int>(::syscall(SYS_epoll_create1, flags));
}

int main() {
  event_base base("epoll");
  int idle[2], busy[2];
  if (::pipe(idle) != 0 || ::pipe(busy) != 0) return 1;
  if (::write(busy[1], "x", 1) != 1) return 1;
  std::list<event> clients;
  for (int i = 0; i < 500; ++i) {
    clients.emplace_back(base, ::dup(idle[0]), what::read, [] {});
    clients.back().add();
  }
  for (int i = 0; i < 200; ++i) {
    const int fd = ::dup(busy[0]);
    event client(base, fd, what::read, [] {});
    client.add();
    if (::dup2(idle[0], fd) < 0) return 1;  // closes it, for something else
    client.del();
    base.loop(loop_flags::nonblock);  // the ghost is reported
    base.loop(loop_flags::nonblock);
  }
  std::printf("200 ghosts cost %s\n",
              epolls < 100 ? "a rebuild now and then" : "a rebuild each");
}
