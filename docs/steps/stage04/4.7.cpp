#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;
using namespace std::chrono_literals;

static bool armed = false;

static void* be_cancelled(void*) {
  ::pthread_cancel(::pthread_self());  // at its next cancellation point
  ::raise(SIGUSR1);
  ::pthread_testcancel();  // this is such a point
  return nullptr;
}

static time_point read_clock() {
  pthread_t thread;
  if (armed && ::pthread_create(&thread, nullptr, be_cancelled, nullptr) == 0) {
    ::pthread_join(thread, nullptr);
  }
  armed = false;
  return clock::now();
}

int main() {
  event_base base;
  base.set_clock(read_clock);
  event usr1 = event::signal(base, SIGUSR1, [] { std::puts("called"); });
  event rescue = event::timer(base, [] {});
  usr1.add();
  rescue.add(1s);
  armed = true;
  base.loop(loop_flags::once);
}
