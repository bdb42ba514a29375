#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static int pipe_end = -1;  // where the parent's pipe is read
static bool armed = false;

static time_point read_clock() {
  if (!armed) return clock::now();
  armed = false;
  if (const pid_t child = ::fork(); child != 0) {
    ::waitpid(child, nullptr, 0);
  } else {
    ::raise(SIGUSR1);  // in the child alone
    ::_exit(0);
  }
  int bytes = 0;
  ::ioctl(pipe_end, FIONREAD, &bytes);
  std::printf("bytes from the child in its parent's pipe: %d\n", bytes);
  return clock::now();
}

int main() {
  event_base base;
  base.set_clock(read_clock);
  ::close(pipe_end = ::dup(0));  // the first free number: the pipe gets it
  event usr1 = event::signal(base, SIGUSR1, [] { std::puts("called"); });
  event soon = event::timer(base, [] {});
  usr1.add(), soon.add(10ms);
  armed = true;
  base.loop(loop_flags::once);
}
