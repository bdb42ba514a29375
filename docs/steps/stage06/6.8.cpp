#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

static int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 64; ++fd) count += ::fcntl(fd, F_GETFD) != -1;
  return count;
}

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  const int before = open_descriptors();
  event usr1 = event::signal(base, SIGUSR1, [] { std::puts("SIGUSR1"); });
  usr1.add();
  std::printf("descriptors for it: %d\n", open_descriptors() - before);
  ::kill(::getpid(), SIGUSR1);
  base.loop(loop_flags::once);
}
