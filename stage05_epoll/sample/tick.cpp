/// \file
/// tick [COUNT [MS]]: ticks COUNT times, every MS milliseconds; 0 for ever.
///
/// Each tick says how late it is. No timer is exact; but the next period begins
/// when the last one was due, not when it was told of, and so the delays do not
/// add up: the hundredth tick is no later than the first.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string_view>
#include <system_error>

#include "evolve/event_base.h"

namespace {

using evolve::duration;
using evolve::event;
using evolve::event_base;
using evolve::time_point;
using evolve::what;

double in_ms(duration length) {
  return std::chrono::duration<double, std::milli>(length).count();
}

// Ticks, and asks the loop to leave after the last tick.
class ticker {
 public:
  ticker(event_base& base, std::uint32_t count, duration period)
      : base_(base),
        timer_(event::timer(
            base, [this] { tick(); }, what::persist)),
        period_(period),
        count_(count) {
    timer_.add(period);
    start_ = *timer_.deadline() - period;
  }

 private:
  void tick();

  event_base& base_;
  event timer_;
  duration period_;
  time_point start_;  // when the first period began
  std::int64_t count_;  // how many ticks are wanted; 0 for ever
  std::int64_t number_ = 0;  // how many ticks there have been
};

// A program that is stopped for more than a period misses ticks. They are
// skipped, not made up for: from then on it is late by as much.
void ticker::tick() {
  const duration passed = base_.now() - start_;
  const duration late = passed - ++number_ * period_;
  std::cout << "tick " << number_ << " at " << in_ms(passed) << " ms, "
            << in_ms(late) << " ms late\n"
            << std::flush;
  if (number_ == count_) base_.loopexit();
}

std::optional<std::uint32_t> parse(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

int usage(const char* trouble) {
  std::cerr << "tick: " << trouble << "\nusage: tick [COUNT [MS]]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3) return usage("too many arguments");
  const auto count = parse(argc > 1 ? argv[1] : "5");
  const auto ms = parse(argc > 2 ? argv[2] : "500");
  if (!count) return usage("COUNT is a number, and 0 means for ever");
  if (!ms || *ms == 0) return usage("MS is a number of milliseconds, above 0");
  std::cout << std::fixed << std::setprecision(3);
  try {
    event_base base;
    ticker ticks(base, *count, std::chrono::milliseconds(*ms));
    base.dispatch();
  } catch (const std::exception& error) {
    std::cerr << "tick: " << error.what() << '\n';
    return 1;
  }
}
