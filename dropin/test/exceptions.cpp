// A C++ program's own exceptions, and the end of a thread, leave the loop as
// they are; afterwards it can run again. For our library alone: libevent's loop
// does not survive it.
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#include <pthread.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("not so: %s\n", what);
  ++failures;
}

// What a callback throws, by name.
template <class T>
void throws(evutil_socket_t, short, void* exception) {
  throw *static_cast<T*>(exception);
}

void counts(evutil_socket_t, short, void* count) {
  ++*static_cast<int*>(count);
}

// The exception comes out of the loop, and what is due besides is called next.
template <class T>
void leaves_the_loop(const char* name, T exception, short events) {
  event_base* const base = event_base_new();
  event thrower, other;
  int count = 0;
  event_assign(&thrower, base, -1, events, throws<T>, &exception);
  event_assign(&other, base, -1, 0, counts, &count);
  event_active(&thrower, EV_READ, 1);
  event_active(&other, EV_READ, 1);
  bool caught = false;
  try {
    event_base_dispatch(base);
  } catch (const T&) {
    caught = true;
  }
  check(caught, name);
  check(event_base_dispatch(base) == 1, "the loop runs again");
  check(count == 1, "what was due is called");
  check(event_base_get_running_event(base) == nullptr, "nothing runs");
  event_base_free(base);
}

void ends_thread(evutil_socket_t, short, void*) {
  pthread_exit(nullptr);
}

void* dispatch(void* base) {
  event_base_dispatch(static_cast<event_base*>(base));
  return base;
}

void a_thread_ends() {
  event_base* const base = event_base_new();
  event ender, other;
  int count = 0;
  event_assign(&ender, base, -1, 0, ends_thread, nullptr);
  event_assign(&other, base, -1, 0, counts, &count);
  event_active(&ender, EV_READ, 1);
  event_active(&other, EV_READ, 1);
  pthread_t thread;
  void* result = base;
  pthread_create(&thread, nullptr, dispatch, base);
  pthread_join(thread, &result);
  check(result == nullptr, "the thread has ended in its callback");
  check(event_base_dispatch(base) == 1, "the loop runs in another thread");
  check(count == 1, "what was due is called there");
  event_base_free(base);
}

// From a callback of a base with locks: another thread can use it at once.
void lets_go_of_the_lock() {
  event_base* const base = event_base_new();
  std::string text = "mine";
  event thrower;
  event_assign(&thrower, base, -1, EV_PERSIST, throws<std::string>, &text);
  event_active(&thrower, EV_READ, 1);
  try {
    event_base_dispatch(base);
  } catch (const std::string&) {
  }
  std::thread([&] { check(event_del(&thrower) == 0, "deleted"); }).join();
  event_base_free(base);
}

void all_kinds() {
  leaves_the_loop("int", 7, 0);
  leaves_the_loop("persistent", 7, EV_PERSIST);
  leaves_the_loop("string", std::string("mine"), 0);
  leaves_the_loop("logic_error", std::logic_error("mine"), 0);
  leaves_the_loop("runtime_error", std::runtime_error("mine"), 0);
  leaves_the_loop(
      "system_error",
      std::system_error(EBADF, std::generic_category(), "epoll_wait"), 0);
}

}  // namespace

int main() {
  all_kinds();
  evthread_use_pthreads();
  all_kinds();
  a_thread_ends();
  lets_go_of_the_lock();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
