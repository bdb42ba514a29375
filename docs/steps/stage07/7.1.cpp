#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "evolve/event_base.h"

using namespace evolve;

static int calls = 0;  // of epoll_ctl(): the library's come here

extern "C" int epoll_ctl(int epfd, int op, int fd, epoll_event* e) noexcept {
  ++calls;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epfd, op, fd, e));
}

int main() {
  const int fd = ::eventfd(0, EFD_CLOEXEC);  // the connection to a client
  for (const method& m : supported_methods()) {
    if (!std::string_view(m.name).starts_with("epoll")) continue;
    event_base base(m.name);
    event reads(base, fd, what::read | what::persist, [] {});
    event writes(base, fd, what::write | what::persist, [] {});
    reads.add();
    base.loop(loop_flags::nonblock);
    calls = 0;
    for (int turn = 0; turn < 100; ++turn) {
      writes.add();  // a message does not fit in,
      writes.del();  // and the event goes again
      base.loop(loop_flags::nonblock);
    }
    std::printf("%s: %d calls of epoll_ctl()\n", m.name, calls);
  }
}
