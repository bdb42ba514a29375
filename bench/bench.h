/// \file
/// What every workload and every adapter needs: options, clocks, random
/// numbers, and the region that is measured.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#ifdef BENCH_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#endif

namespace bench {

/// Ends the program: a workload whose system calls fail measures nothing.
[[noreturn]] inline void die(const char* tried) {
  std::perror(tried);
  std::_Exit(1);
}

/// The options, `--key value` each. A workload has a default for all of its
/// own, and ignores the rest.
class args {
 public:
  args(int count, char** words) : count_(count), words_(words) {}

  const char* text(std::string_view key, const char* otherwise) const {
    for (int i = 0; i + 1 < count_; i += 2) {
      const std::string_view word = words_[i];
      if (word.starts_with("--") && word.substr(2) == key) return words_[i + 1];
    }
    return otherwise;
  }

  long number(std::string_view key, long otherwise) const {
    const char* found = text(key, nullptr);
    return found == nullptr ? otherwise : std::atol(found);
  }

  std::size_t size(std::string_view key, long otherwise) const {
    return static_cast<std::size_t>(number(key, otherwise));
  }

  bool is(std::string_view key, std::string_view value) const {
    return text(key, "") == value;
  }

 private:
  int count_;
  char** words_;
};

inline std::uint64_t clock_ns(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

inline std::uint64_t now_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}
inline std::uint64_t thread_cpu_ns() {
  return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}
inline std::uint64_t process_cpu_ns() {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/// One result, on a line of its own.
inline void report(const char* key, double value) {
  std::printf("%s=%.6g\n", key, value);
}

/// Says that this implementation cannot do the workload.
inline int unsupported() {
  report("unsupported", 1);
  return 0;
}

inline double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const auto place =
      static_cast<std::size_t>(static_cast<double>(values.size()) * part);
  return values[std::min(values.size() - 1, place)];
}

/// xorshift64*: the same sequence for every implementation.
class random_numbers {
 public:
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((std::uint64_t{next()} * limit) >> 32);
  }

 private:
  std::uint32_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::uint32_t>((state_ * 2685821657736338717) >> 32);
  }

  std::uint64_t state_ = 88172645463325252;
};

/// Keeps this thread on one processor.
inline void pin(long cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(0, sizeof set, &set);
}

inline void want_descriptors(rlim_t count) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  limit.rlim_max = std::max(limit.rlim_max, count);
  limit.rlim_cur = count;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit: descriptors");
}

inline void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/// What is measured: the processor time of this thread, since nothing that is
/// measured so sleeps, and other programs do not count in it; and under
/// callgrind, if `counted`, the instructions.
class region {
 public:
  explicit region(bool counted = true) : counted_(counted) {
    toggle();
    start_ = thread_cpu_ns();
  }

  /// Nanoseconds since the start.
  double end() {
    const auto passed = static_cast<double>(thread_cpu_ns() - start_);
    toggle();
    return passed;
  }

 private:
  void toggle() const {
    if (counted_) {
      CALLGRIND_TOGGLE_COLLECT;
    }
  }

  bool counted_;
  std::uint64_t start_;
};

/// The callback of what must not happen.
inline void never(void*) {
  std::abort();
}

/// One turn that does not wait, so that what was collected reaches the kernel;
/// a loop that has no such turn collects nothing.
template <class Loop>
void settle(Loop& loop) {
  if constexpr (requires { loop.poll(); }) loop.poll();
}

}  // namespace bench
