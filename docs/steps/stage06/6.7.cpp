#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <system_error>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

static void work(event_base& base) {
  try {
    base.reinit();
    base.loop(loop_flags::nonblock);
  } catch (const std::system_error& error) {
    std::printf("cannot wait: %s\n", error.what());
  }
}

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], "x", 1) != 1) return 1;
  event input(base, ends[0], what::read, [] { std::puts("the byte is here"); });
  input.add();
  const pid_t child = ::fork();
  if (child == 0) {
    work(base);
    std::fflush(stdout);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}
