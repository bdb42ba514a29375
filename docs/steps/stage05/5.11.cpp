#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  bool called = false;
  event usr1 = event::signal(base, SIGUSR1, [&] { called = true; });
  usr1.add();
  const pid_t child = ::fork();
  if (child == 0) {
    base.reinit();
    std::raise(SIGUSR1);
    base.loop(loop_flags::nonblock);
    ::_exit(called ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::printf("the child's signal is %s\n", status == 0 ? "told" : "lost");
}
