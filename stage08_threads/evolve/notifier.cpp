#include "evolve/notifier.h"

#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "evolve/event_base.h"

namespace evolve {
namespace {

#ifdef __linux__
int make_eventfd() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
#else
int make_eventfd() noexcept { return -1; }
#endif

}  // namespace

notifier::notifier(event_base& base, eventop& evsel)
    : base_(base), evsel_(evsel), left_to_evsel_(evsel.add_notify()) {
  if (left_to_evsel_) return;
  open();
  // Where edges can be told, an eventfd need never be read.
  const bool edges = any(evsel.features() & feature::et) && !write_end_;
  readable_.emplace(
      base, read_end_.get(),
      what::read | what::persist | (edges ? what::et : what::none),
      [this, edges] {
        if (!edges) drain();
      });
  base.add_internal(*readable_);
}

notifier::~notifier() {
  if (readable_) base_.del(*readable_);
}

void notifier::open() {
  read_end_ = unique_fd(make_eventfd());
  if (read_end_) return;
  int ends[2];
  if (::pipe(ends) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "pipe to wake the loop");
  }
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  read_end_ = unique_fd(ends[0]);
  write_end_ = unique_fd(ends[1]);
}

// A pipe that is full, and a counter at its end, are readable all the more.
void notifier::wake() noexcept {
  if (left_to_evsel_) return evsel_.notify();
  const std::uint64_t one = 1;
  const int end = write_end_ ? write_end_.get() : read_end_.get();
  [[maybe_unused]] const ssize_t written = ::write(end, &one, sizeof one);
}

void notifier::drain() noexcept {
  std::uint64_t left[16];
  while (::read(read_end_.get(), left, sizeof left) == sizeof left) continue;
}

}  // namespace evolve
