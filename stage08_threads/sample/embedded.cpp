/// \file
/// embedded: serves a base in a program's own poll() loop: ticks, reads, work
/// from another thread, and Ctrl-C.
///
/// Lines of standard input are the outer loop's own business. Of the base it
/// knows a descriptor and, each time around, how long it may wait.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>

#include "evolve/event_base.h"
#include "evolve/eventop.h"
#include "evolve/unique_fd.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::loop_flags;
using evolve::unique_fd;
using evolve::what;

constexpr std::chrono::milliseconds period(200);

[[noreturn]] void fail(const char* tried) {
  throw std::system_error(errno, std::generic_category(), tried);
}

void say(const std::string& line) {
  std::cout << line << '\n' << std::flush;
}

struct pipe_ends {
  unique_fd reader;
  unique_fd writer;
};

pipe_ends make_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) fail("pipe");
  return {unique_fd(ends[0]), unique_fd(ends[1])};
}

// What the base does, and the outer loop knows nothing of: each tick writes into
// a pipe, what comes out of it is read, and then a thread posts a line.
class guest {
 public:
  explicit guest(event_base& base)
      : base_(base),
        pipe_(make_pipe()),
        ticks_(event::timer(
            base, [this] { tick(); }, what::persist)),
        readable_(base, pipe_.reader.get(), what::read | what::persist,
                  [this] { receive(); }),
        interrupt_(event::signal(base, SIGINT, [this] { leave(); })) {
    ticks_.add(period);
    readable_.add();
    interrupt_.add();
  }
  ~guest() {
    if (worker_.joinable()) worker_.join();
  }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;

 private:
  void tick() {
    say("tick " + std::to_string(++ticked_));
    if (::write(pipe_.writer.get(), "x", 1) != 1) fail("write");
    if (ticked_ == 3) ticks_.del();
  }

  void receive() {
    std::array<char, 16> bytes;
    const ssize_t n = ::read(pipe_.reader.get(), bytes.data(), bytes.size());
    if (n < 0) fail("read");
    say("read " + std::to_string(n) + " byte");
    if (ticked_ < 3 || worker_.joinable()) return;
    worker_ = std::thread(
        [this] { base_.post([] { say("posted by another thread"); }); });
  }

  void leave() {
    say("Ctrl-C");
    base_.loopexit();
  }

  event_base& base_;
  pipe_ends pipe_;
  event ticks_;
  event readable_;
  event interrupt_;
  int ticked_ = 0;  // how many ticks there were
  std::thread worker_;  // posts, and ends
};

// Whether there are more lines.
bool read_lines() {
  std::array<char, 256> bytes;
  const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (n > 0) say("outer loop: " + std::to_string(n) + " bytes of input");
  return n > 0;
}

void run() {
  event_base base;
  pollfd outer[] = {{base.backend_fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  const guest served(base);
  say("Ctrl-C leaves");
  while (!base.got_exit()) {
    const int timeout = evolve::timeout_ms(base.begin_wait());
    if (::poll(outer, 2, timeout) < 0 && errno != EINTR) fail("poll");
    if (outer[1].revents != 0 && !read_lines()) outer[1].fd = -1;
    base.loop(loop_flags::nonblock);
  }
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::cerr << "embedded: takes no arguments\nusage: embedded\n";
    return 2;
  }
  try {
    run();
  } catch (const std::exception& error) {
    std::cerr << "embedded: " << error.what() << '\n';
    return 1;
  }
}
