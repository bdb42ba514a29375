#include "evolve/notifier.h"

#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <cstdint>

#include "evolve/event_base.h"

namespace evolve {

notifier::notifier(event_base& base, eventop& evsel)
    : base_(base), evsel_(evsel), left_to_evsel_(evsel.add_notify()) {
  if (left_to_evsel_) return;
#ifdef __linux__
  // Where edges can be told, it need never be read.
  if (any(evsel.features() & feature::et)) {
    eventfd_ = unique_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
#endif
  if (!eventfd_) pipe_.emplace();
  readable_.emplace(
      base, eventfd_ ? eventfd_.get() : pipe_->read_end(),
      what::read | what::persist | (eventfd_ ? what::et : what::none), [this] {
        if (pipe_) pipe_->drain();
      });
  base.add_internal(*readable_);
}

notifier::~notifier() {
  if (readable_) base_.del(*readable_);
}

// A counter that is at its end is readable all the more, like a full pipe.
void notifier::wake() noexcept {
  if (left_to_evsel_) return evsel_.notify();
  if (pipe_) return pipe_->write();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(eventfd_.get(), &one, sizeof one);
}

}  // namespace evolve
