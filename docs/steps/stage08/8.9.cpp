#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;

static void end(auto& ev) {
  if constexpr (requires { ev.finalize([] {}); }) {
    ev.finalize([] { std::puts("the event has ended"); });
  } else {
    ev.del();
  }
}

int main() {
  ::signal(SIGALRM, [](int) { ::_exit(::write(1, "no end\n", 7) > 0); });
  ::alarm(1);
  event_base base;
  base.make_notifiable();
  std::mutex clients;
  std::atomic<bool> locked{false}, called{false};
  event reply = event::timer(base, [&] {
    for (called = true; !locked;) std::this_thread::yield();
    const std::lock_guard hold(clients);
  });
  reply.active(what::timeout);
  std::thread worker([&] {
    const std::lock_guard hold(clients);
    for (locked = true; !called;) std::this_thread::yield();
    end(reply);
  });
  base.dispatch();
  worker.join();
}
