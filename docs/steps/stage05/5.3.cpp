#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base("epoll");
  int a[2], b[2], c[2];
  if (::pipe(a) != 0 || ::pipe(b) != 0 || ::pipe(c) != 0) return 1;
  event forgotten(base, a[0], what::read, [] {});
  forgotten.add();
  ::close(a[0]);  // but the event stays added
  if (::dup2(b[0], a[0]) < 0 || ::write(b[1], "x", 1) != 1) return 1;
  event first(base, a[0], what::read, [] { std::puts("first is called"); });
  first.add();

  event gone(base, c[0], what::read, [] {});
  gone.add();
  const int copy = ::dup(c[0]);
  ::close(c[0]);
  gone.del();  // too late: no number leads to it any more
  if (::dup2(copy, c[0]) < 0 || ::write(c[1], "x", 1) != 1) return 1;
  event second(base, c[0], what::read, [] { std::puts("second is called"); });
  try {
    second.add();
  } catch (const std::system_error& error) {
    std::printf("second is refused: %s\n", error.code().message().c_str());
  }
  base.loop(loop_flags::nonblock);
}
