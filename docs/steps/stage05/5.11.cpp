#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  event_base base;
  int calls = 0;
  event usr1 = event::signal(base, SIGUSR1, [&] { ++calls; });
  usr1.add();
  std::raise(SIGUSR1);  // it comes to the parent
  const pid_t child = ::fork();
  if (child == 0) {
    base.reinit();
    base.loop(loop_flags::nonblock);
    ::_exit(calls);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  base.loop(loop_flags::nonblock);
  std::printf("the signal is told to the parent%s\n",
              WEXITSTATUS(status) == 0 ? " alone" : " and to the child");
  return calls == 1 ? 0 : 1;
}
