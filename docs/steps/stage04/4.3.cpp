#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static int pipe_end = -1;  // where the loop's pipe is read
static bool armed = false;

static void raise_and_look(int times, const char* when) {
  for (int i = 0; i < times; ++i) ::raise(SIGUSR1);
  int bytes = 0;
  ::ioctl(pipe_end, FIONREAD, &bytes);  // how many bytes are in it
  std::printf("%d signals while the loop %s: %d in the pipe\n", times, when,
              bytes);
}

static time_point read_clock() {
  if (armed) raise_and_look(10, "falls asleep");
  armed = false;
  return clock::now();
}

int main() {
  event_base base;
  base.set_clock(read_clock);
  ::close(pipe_end = ::dup(0));  // the first free number: the pipe gets it
  event usr1 = event::signal(base, SIGUSR1, [] {});
  usr1.add();
  event rescue = event::timer(base, [] {});
  rescue.add(1s);
  armed = true;
  base.loop(loop_flags::once);
  raise_and_look(1000, "is awake");
}
