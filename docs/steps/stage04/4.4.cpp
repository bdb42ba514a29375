#include <signal.h>

#include <cstdio>

#include "evolve/event_base.h"
#include "evolve/log.h"

using namespace evolve;

int main() {
  set_log_callback([](severity, const char* text) { std::puts(text); });
  ::signal(SIGHUP, [](int) { std::puts("the program's own handler"); });
  event_base base;
  event reload = event::signal(base, SIGHUP, [] {});
  reload.add();
  ::raise(SIGHUP);
  base.loop(loop_flags::nonblock);
  reload.del();
  std::puts("the event is deleted");
  ::raise(SIGHUP);
  reload.add();
  ::signal(SIGHUP, [](int) { std::puts("another handler"); });
  reload.del();
  std::puts("the event is deleted again");
  ::raise(SIGHUP);
}
