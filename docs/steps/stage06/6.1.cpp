#include <sys/event.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

static void show(const char* way, const struct kevent& entry) {
  std::printf("  %s %d %-12s", way, static_cast<int>(entry.ident),
              entry.filter == EVFILT_READ ? "EVFILT_READ" : "EVFILT_WRITE");
  if (entry.flags & EV_ADD) std::printf(" EV_ADD");
  if (entry.flags & EV_DELETE) std::printf(" EV_DELETE");
  std::puts("");
}

// Shows what goes into each call of kevent(), and what comes out of it.
static int shown(int kq, const struct kevent* in, int n, struct kevent* out,
                 int room, const timespec* timeout) {
  kqueue_on_epoll_hook = nullptr;
  const int found = ::kevent(kq, in, n, out, room, timeout);
  kqueue_on_epoll_hook = shown;
  for (int i = 0; i < n; ++i) show("in: ", in[i]);
  for (int i = 0; i < found; ++i) show("out:", out[i]);
  return found;
}

int main() {
  int p[2];
  if (::pipe(p) != 0 || ::dup2(p[0], 7) != 7 || ::dup2(p[1], 8) != 8) return 1;
  event_base base;
  std::printf("waits with %s\n", base.method());
  event input(base, 7, what::read, [] { std::puts("  7 is called"); });
  event output(base, 8, what::write, [] { ::dprintf(8, "x"); });
  input.add(), output.add();
  kqueue_on_epoll_hook = shown;
  std::puts("turn 1"), base.loop(loop_flags::nonblock);
  std::puts("turn 2"), base.loop(loop_flags::nonblock);
}
