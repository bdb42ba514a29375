#include <sys/epoll.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static int waits = 0;

// Counts the waits; the linker takes this one instead of the C library's.
extern "C" int epoll_wait(int epoll, epoll_event* found, int size, int ms) {
  ++waits;
  return ::epoll_pwait(epoll, found, size, ms, nullptr);
}

int main() {
  event_base base("epoll");
  int a[2], b[2], calls = 0;
  if (::pipe(a) != 0 || ::pipe(b) != 0) return 1;
  event first(base, a[0], what::read, [] {});
  first.add();
  if (::dup(a[0]) < 0 || ::close(a[0]) != 0) return 1;
  first.del();
  if (::dup2(b[0], a[0]) < 0) return 1;  // another file gets the number
  event second(base, a[0], what::read | what::persist, [&] { ++calls; });
  second.add();
  if (::write(a[1], "x", 1) != 1) return 1;  // to the first file
  base.loopexit(50ms);
  base.dispatch();
  std::printf("second is called %s\n", calls ? "for first's byte" : "never");
  std::printf("in 50 ms the loop woke %s\n",
              waits > 100 ? "again and again" : "a few times");
}
