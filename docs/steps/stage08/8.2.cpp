#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

int main() {
  ::signal(SIGALRM, [](int) { ::_exit(::write(1, "no end\n", 7) > 0); });
  ::alarm(1);
  std::setbuf(stdout, nullptr);
  event_base base;
  base.make_notifiable();
  event second = event::timer(base, [] { std::puts("the second timer"); });
  event first = event::timer(base, [&second] {
    std::puts("the first timer adds the second");
    second.add(1ms);
  });
  first.add(1ms);
  base.dispatch();
}
