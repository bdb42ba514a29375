#include <signal.h>

#include <cstdio>
#include <system_error>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  event reload = event::signal(base, SIGHUP, [](int signo, what fired) {
    std::printf("called for %s, signal %d\n", to_string(fired).c_str(), signo);
  });
  reload.add();
  ::raise(SIGHUP);
  std::puts("the signal has come, and nothing is called yet");
  base.loop(loop_flags::once);
  event unwanted = event::signal(base, SIGKILL, [] {});
  try {
    unwanted.add();
  } catch (const std::system_error& error) {
    std::printf("refused: %s\n", error.what());
  }
}
