/// \file
/// ctrl_c: counts SIGUSR1, and leaves on Ctrl-C: after a while on the first, at
/// once on the second.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>

#include "evolve/event_base.h"

namespace {

using evolve::event;
using evolve::event_base;

constexpr std::chrono::seconds grace(5);

// Callbacks for signals are called by the loop like any other, not in the
// middle of something as handlers are: they may do what they like.
class watcher {
 public:
  explicit watcher(event_base& base);

  std::uint64_t counted() const noexcept { return counted_; }

 private:
  void count();
  void interrupt();
  void terminate();

  event_base& base_;
  event usr1_;
  event sigint_;
  event sigterm_;
  std::uint64_t counted_ = 0;  // how often SIGUSR1 has come
  bool leaving_ = false;  // Ctrl-C has been pressed
};

watcher::watcher(event_base& base)
    : base_(base),
      usr1_(event::signal(base, SIGUSR1, [this] { count(); })),
      sigint_(event::signal(base, SIGINT, [this] { interrupt(); })),
      sigterm_(event::signal(base, SIGTERM, [this] { terminate(); })) {
  usr1_.add();
  sigint_.add();
  sigterm_.add();
}

// Called once for each delivery, also when there were several since the last
// turn. Signals that the kernel has merged before cannot be counted.
void watcher::count() {
  std::cout << "SIGUSR1, number " << ++counted_ << '\n' << std::flush;
}

void watcher::interrupt() {
  if (leaving_) return base_.loopbreak();
  leaving_ = true;
  base_.loopexit(grace);
  std::cout << "Ctrl-C: leaving in " << grace.count()
            << " seconds; once more: at once\n"
            << std::flush;
}

void watcher::terminate() {
  std::cout << "SIGTERM: leaving\n";
  base_.loopexit();
}

void run() {
  event_base base;
  watcher watches(base);
  std::cout << "pid " << ::getpid() << ": SIGUSR1 counts, Ctrl-C leaves\n"
            << std::flush;
  base.dispatch();
  std::cout << (base.got_break() ? "left at once" : "left in order")
            << ", SIGUSR1 came " << watches.counted() << " times\n";
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::cerr << "ctrl_c: takes no arguments\nusage: ctrl_c\n";
    return 2;
  }
  try {
    run();
  } catch (const std::exception& error) {
    std::cerr << "ctrl_c: " << error.what() << '\n';
    return 1;
  }
}
