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
  event news = event::timer(base, [] { std::puts("the loop has the news"); });
  locks = 0;
  for (int i = 0; i < 1000; ++i) news.active(what::read);
  std::printf("1000 times active(), locks: %d\n", locks);
  base.dispatch();
}
