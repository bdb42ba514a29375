// All of libevent_pthreads.
#include <event2/thread.h>

extern "C" int evthread_use_evolve_threads_();

int evthread_use_pthreads() {
  return evthread_use_evolve_threads_();
}
