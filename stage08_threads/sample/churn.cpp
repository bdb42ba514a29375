/// \file
/// churn [DESCRIPTORS [TURNS]]: how often the kernel is told of changes that
/// are taken back before the next wait, with a changelist and without.

#ifdef __linux__

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "evolve/event_base.h"

namespace {

std::uint64_t calls = 0;  // of epoll_ctl(), in the whole program

}  // namespace

// The library's calls come here, instead of to the C library: each is counted,
// and handed on to the kernel as it is.
extern "C" int epoll_ctl(int epfd, int op, int fd, epoll_event* e) noexcept {
  ++calls;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epfd, op, fd, e));
}

namespace {

using evolve::event;
using evolve::event_base;
using evolve::what;

// A descriptor that can always be written, and never be read.
class quiet_fd {
 public:
  quiet_fd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ >= 0) return;
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~quiet_fd() { ::close(fd_); }
  quiet_fd(const quiet_fd&) = delete;
  quiet_fd& operator=(const quiet_fd&) = delete;

  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// What a server has for each client: an event to read, which stays, and one to
// write, which is added only while there is something to be sent.
struct connection {
  explicit connection(event_base& base)
      : reads(base, fd.get(), what::read | what::persist, [] {}),
        writes(base, fd.get(), what::write | what::persist, [] {}) {
    reads.add();
  }

  quiet_fd fd;
  event reads;
  event writes;
};

// Something that is done to each connection in a turn, and undone.
using change = void (*)(connection&);

void del_and_add(connection& c) {
  c.reads.del();
  c.reads.add();
}

void write_on_and_off(connection& c) {
  c.writes.add();
  c.writes.del();
}

// A base with many connections.
class crowd {
 public:
  crowd(std::string_view method, std::uint32_t size) : base_(method) {
    for (std::uint32_t i = 0; i < size; ++i) {
      connections_.push_back(std::make_unique<connection>(base_));
    }
    turn();
  }

  // How often the kernel is told of something in so many turns, with `each`
  // done to all connections before each.
  std::uint64_t calls_for(change each, std::uint32_t turns) {
    const std::uint64_t before = calls;
    for (std::uint32_t i = 0; i < turns; ++i) {
      for (const auto& c : connections_) each(*c);
      turn();
    }
    return calls - before;
  }

 private:
  void turn() { base_.loop(evolve::loop_flags::nonblock); }

  event_base base_;
  std::vector<std::unique_ptr<connection>> connections_;
};

template <class First, class Second, class Third>
void print_row(First first, Second second, Third third) {
  std::cout << std::left << std::setw(18) << first << std::right
            << std::setw(12) << second << std::setw(26) << third << '\n';
}

void run(std::uint32_t descriptors, std::uint32_t turns) {
  std::cout << "calls of epoll_ctl() in " << turns << " turns with "
            << descriptors << " descriptors:\n";
  crowd plain("epoll", descriptors);
  crowd merging("epoll (with changelist)", descriptors);
  print_row("", "epoll", "epoll (with changelist)");
  print_row("nothing", plain.calls_for([](connection&) {}, turns),
            merging.calls_for([](connection&) {}, turns));
  print_row("del and add", plain.calls_for(del_and_add, turns),
            merging.calls_for(del_and_add, turns));
  print_row("write on and off", plain.calls_for(write_on_and_off, turns),
            merging.calls_for(write_on_and_off, turns));
}

std::optional<std::uint32_t> parse(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number == 0) {
    return std::nullopt;
  }
  return number;
}

int usage(const char* trouble) {
  std::cerr << "churn: " << trouble << "\nusage: churn [DESCRIPTORS [TURNS]]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3) return usage("too many arguments");
  const auto descriptors = parse(argc > 1 ? argv[1] : "100");
  const auto turns = parse(argc > 2 ? argv[2] : "100");
  if (!descriptors) return usage("DESCRIPTORS is a number above 0");
  if (!turns) return usage("TURNS is a number above 0");
  try {
    run(*descriptors, *turns);
  } catch (const std::exception& error) {
    std::cerr << "churn: " << error.what() << '\n';
    return 1;
  }
}

#else

#include <iostream>

int main() {
  std::cout << "churn: there is no epoll on this system\n";
}

#endif
