#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static int epolls = 0, waits = 0;
extern "C" int epoll_create1(int flags) noexcept {
  return ++epolls, static_cast<int>(::syscall(SYS_epoll_create1, flags));
}
extern "C" int epoll_wait(int epoll, epoll_event* found, int size, int ms) {
  return ++waits, ::epoll_pwait(epoll, found, size, ms, nullptr);
}

int main() {
  event_base base("epoll");
  for (int i = 0; i <= 200; ++i) {
    int ends[2];
    if (::pipe(ends) != 0 || ::write(ends[1], "x", 1) != 1) return 1;
    event client(base, ends[0], what::read, [] {});
    client.add();
    if (::dup(ends[0]) < 0 || ::close(ends[0]) != 0) return 1;
    client.del();
    for (int turn = 0; turn < 2 && i < 200; ++turn)
      base.loop(loop_flags::nonblock | loop_flags::no_exit_on_empty);
  }
  std::printf("epolls for 200 ghosts: %s\n", epolls > 50 ? "many" : "few");
  const rlimit none = {0, 0};
  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
  waits = 0;
  base.loopexit(200ms);
  base.loop(loop_flags::no_exit_on_empty);
  std::printf("waits in 200 ms: %s\n", waits > 2000 ? "thousands" : "few");
}
