#include <unistd.h>

#include <cstdio>
#include <thread>

#include "evolve/event_base.h"

using namespace evolve;
static int full[2], empty[2];  // pipes
static event* ev;  // reads the first pipe
struct meddled final : eventop {
  explicit meddled(const char* method) : real(make_eventop(method)) {}
  const char* name() const noexcept override { return real->name(); }
  void add(int fd, what o, what n) override { real->add(fd, o, n); }
  void del(int fd, what o, what n) noexcept override { real->del(fd, o, n); }
  void prepare() override { real->prepare(); }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    real->wait(timeout);
    std::thread([] {  // gives the number to the empty pipe
      ev->del();
      ::dup2(empty[0], full[0]);
      ev->add();
    })
        .join();
  }
  std::span<const ready> collect() override { return real->collect(); }
  std::unique_ptr<eventop> real;
};

int main() {
  for (const char* method : {"select", "poll", "epoll (with changelist)"}) {
    event_base base(std::make_unique<meddled>(method));
    base.make_notifiable();
    if (::pipe(full) || ::pipe(empty) || ::write(full[1], "x", 1) < 1) return 1;
    std::printf("an empty pipe, by %s\n", method);
    event reads(base, full[0], what::read, [] { std::puts("  is readable"); });
    (ev = &reads)->add();
    base.loop(loop_flags::nonblock);
  }
}
