#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <vector>

#include "evolve/eventop.h"

using namespace evolve;

int main() {
  const auto backend = make_eventop("poll");
  std::vector<int> fds(800);
  for (int& fd : fds) {
    fd = ::dup(1);  // of the same file, as only the numbers matter
    backend->add(fd, what::none, what::read);
  }
  const std::clock_t begin = std::clock();  // the processor's time
  for (int i = 0; i < 100; ++i) {
    for (const int fd : fds) backend->add(fd, what::read, any_io);
    for (const int fd : fds) backend->del(fd, any_io, what::read);
  }
  const auto spent = (std::clock() - begin) * 1000 / CLOCKS_PER_SEC;
  const bool fast = spent < 100;
  std::printf("160000 changes among 800 descriptors take %d ms: %s\n",
              static_cast<int>(spent), fast ? "fast" : "slow");
  return fast ? 0 : 1;
}
