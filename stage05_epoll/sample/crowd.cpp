/// \file
/// crowd [COUNT]: lets a loop watch COUNT descriptors of which a few are busy,
/// with one backend after the other, and says what a turn costs.
///
/// What poll does in a turn, it does for each descriptor that it watches; epoll
/// and its like, for each that is ready: there the silent ones cost nothing.

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <list>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/unique_fd.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::loop_flags;
using evolve::unique_fd;
using evolve::what;

constexpr std::size_t busy = 10;  // how many descriptors have data
constexpr std::size_t reserve = 32;  // for everything else in the program

[[noreturn]] void fail(const char* tried) {
  throw std::system_error(errno, std::generic_category(), tried);
}

// How many descriptors the process may have: as many as the hard limit allows.
std::size_t raise_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<std::size_t>(limit.rlim_cur);
}

// Connected sockets. The first ones have something to read, and keep it; the
// others are duplicates of one to which nothing is ever said.
class crowd {
 public:
  explicit crowd(std::size_t count);

  const std::vector<unique_fd>& all() const noexcept { return all_; }

 private:
  std::vector<unique_fd> all_;  // the descriptors that are watched
  std::vector<unique_fd> peers_;  // their other ends
};

crowd::crowd(std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, busy + 1); ++i) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) fail("socketpair");
    all_.emplace_back(ends[0]);
    peers_.emplace_back(ends[1]);
    if (i < busy && ::write(ends[1], "x", 1) != 1) fail("write");
  }
  while (all_.size() < count) {
    all_.emplace_back(::dup(all_.back().get()));
    if (!all_.back()) fail("dup");
  }
}

// The turns that a loop makes in a while.
struct result {
  double us_per_turn;
  double calls_per_turn;
};

result measure(const char* method, const crowd& watched) {
  using clock = std::chrono::steady_clock;
  constexpr auto enough = std::chrono::milliseconds(400);
  event_base base(method);
  std::uint64_t calls = 0;
  std::list<event> events;
  for (const unique_fd& fd : watched.all()) {
    events.emplace_back(base, fd.get(), what::read | what::persist,
                        [&calls] { ++calls; });
    events.back().add();
  }
  base.loop(loop_flags::nonblock);  // the first turn is not like the others
  calls = 0;
  std::uint64_t turns = 0;
  const clock::time_point start = clock::now();
  clock::duration passed{};
  for (; passed < enough; ++turns, passed = clock::now() - start) {
    base.loop(loop_flags::nonblock);
  }
  const std::chrono::duration<double, std::micro> us = passed;
  return {us.count() / static_cast<double>(turns),
          static_cast<double>(calls) / static_cast<double>(turns)};
}

// One backend's line. The ratio is to poll.
void print(const char* method, const result& r, const result& poll) {
  std::cout << std::left << std::setw(24) << method << std::right
            << std::setw(16) << std::setprecision(1) << r.calls_per_turn
            << std::setw(14) << r.us_per_turn << std::setw(10)
            << std::setprecision(3) << r.us_per_turn / poll.us_per_turn << '\n';
}

// poll, and all that have the kernel remember.
void compare(const crowd& watched) {
  std::cout
      << "backend                   calls per turn   us per turn     ratio\n"
      << std::fixed;
  const result poll = measure("poll", watched);
  print("poll", poll, poll);
  for (const evolve::method& m : evolve::supported_methods()) {
    if (!any(m.make()->features() & evolve::feature::o1)) continue;
    print(m.name, measure(m.name, watched), poll);
  }
}

void run(std::size_t wanted) {
  const std::size_t limit = raise_limit();
  const std::size_t room = limit > reserve ? limit - reserve : 1;
  const crowd watched(std::min(wanted, room));
  const std::size_t count = watched.all().size();
  std::cout << count << " descriptors";
  if (count < wanted) {
    std::cout << ", not " << wanted << ": the system allows " << limit
              << " in all";
  }
  std::cout << "; busy: " << std::min(busy, count) << '\n';
  compare(watched);
}

std::optional<std::uint32_t> parse(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

int usage(const char* trouble) {
  std::cerr << "crowd: " << trouble << "\nusage: crowd [COUNT]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return usage("too many arguments");
  const auto count = parse(argc > 1 ? argv[1] : "10000");
  if (!count || *count == 0) return usage("COUNT is a number, above 0");
  try {
    run(*count);
  } catch (const std::exception& error) {
    std::cerr << "crowd: " << error.what() << '\n';
    return 1;
  }
}
