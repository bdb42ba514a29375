#include <pthread.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

static int locks = 0;  // how often a mutex has been locked

// Stands in the program for the C library's.
extern "C" int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  ++locks;
  return ::pthread_mutex_lock(mutex);
}

int main() {
  event_base base;
  base.make_notifiable();
  int called = 0;
  for (int i = 0; i < 1000; ++i) {
    base.post([&called] { ++called; });
  }
  locks = 0;
  base.dispatch();
  std::printf("%d tasks, and the loop has locked %s\n", called,
              locks < 100 ? "now and then" : "after each");
}
