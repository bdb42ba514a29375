#include <sys/epoll.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/unique_fd.h"

using evolve::unique_fd;

int main() {
  const unique_fd watch(::epoll_create1(EPOLL_CLOEXEC));
  int ends[2];
  if (!watch || ::pipe(ends) != 0) return 1;
  const unique_fd input(ends[0]), output(ends[1]);
  const auto look = [&](const char* when) {
    epoll_event found[8];
    std::printf("%s: %d ready\n", when, ::epoll_wait(watch.get(), found, 8, 0));
  };
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  ::epoll_ctl(watch.get(), EPOLL_CTL_ADD, input.get(), &wanted);
  look("nothing is written");
  char byte = 'x';
  if (::write(output.get(), &byte, 1) != 1) return 1;
  look("a byte is written");
  look("it is not read yet");
  if (::read(input.get(), &byte, 1) != 1) return 1;
  look("it is read");
  if (::write(output.get(), &byte, 1) != 1) return 1;
  ::epoll_ctl(watch.get(), EPOLL_CTL_DEL, input.get(), nullptr);
  look("the next is written, but it was deleted");
}
