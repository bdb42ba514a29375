#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "test/backends.h"
#include "test/signals.h"
#include "test/trace.h"

namespace evolve {
namespace {

/// The backends that can do all of `needed`.
std::vector<std::string> backends_able_to(feature needed) {
  std::vector<std::string> able;
  for (const char* name : backends) {
    const feature has = make_backend(name)->features();
    if ((has & needed) == needed) able.emplace_back(name);
  }
  return able;
}

std::vector<std::string> play(const std::string& name, feature extra,
                              const scenario& steps) {
  return world(make_backend(name), extra).play(steps);
}

/// The first of `names` on which `steps` leave another trace than on the first
/// of all; none if there is none.
std::optional<std::string> deviant(const std::vector<std::string>& names,
                                   feature extra, const scenario& steps) {
  const auto trace = play(names.front(), extra, steps);
  for (const std::string& name : names) {
    if (play(name, extra, steps) != trace) return name;
  }
  return std::nullopt;
}

std::string told(const std::string& name, feature extra,
                 const scenario& steps) {
  std::string text = name + ":\n";
  for (const std::string& turn : play(name, extra, steps)) {
    text += "  " + turn + '\n';
  }
  return text;
}

/// How many scenarios to play: EVOLVE_SCENARIOS, else a hundred. None, and
/// what is no number, would pass without a word.
unsigned count_of_scenarios() {
  const char* wanted = std::getenv("EVOLVE_SCENARIOS");
  if (!wanted) return 100;
  const int count = std::atoi(wanted);
  if (count > 0) return static_cast<unsigned>(count);
  throw std::invalid_argument("EVOLVE_SCENARIOS is a number above 0");
}

class OneTrace : signals_restored, public ::testing::TestWithParam<feature> {
 protected:
  const counting_handler own{SIGUSR1};  // what comes too late ends nothing
};
INSTANTIATE_TEST_SUITE_P(Scenarios, OneTrace,
                         ::testing::Values(feature::none, feature::early_close,
                                           feature::et),
                         [](const ::testing::TestParamInfo<feature>& each) {
                           if (each.param == feature::early_close)
                             return "WithEarlyClose";
                           return each.param == feature::et ? "WithEdges"
                                                            : "OfLevels";
                         });

TEST_P(OneTrace, IsLeftByAllBackendsThatCan) {
  const std::vector<std::string> names = backends_able_to(GetParam());
  for (unsigned seed = 1; seed <= count_of_scenarios(); ++seed) {
    const scenario whole = make_scenario(seed);
    if (!deviant(names, GetParam(), whole)) continue;
    const scenario least = shrink(whole, [&](const scenario& fewer) {
      return deviant(names, GetParam(), fewer).has_value();
    });
    FAIL() << "scenario " << seed << ":\n"
           << to_string(least) << told(names.front(), GetParam(), least)
           << told(*deviant(names, GetParam(), least), GetParam(), least);
  }
}

/// What may be wrong with a backend.
enum class fault { loses_reports, swaps_directions, forgets_additions };

/// A backend of the library's with a fault.
class faulty_eventop final : public eventop {
 public:
  faulty_eventop(std::unique_ptr<eventop> real, fault wrong)
      : real_(std::move(real)), wrong_(wrong) {}

  const char* name() const noexcept override { return real_->name(); }
  feature features() const noexcept override { return real_->features(); }
  void add(int fd, what old, what now) override {
    if (wrong_ == fault::forgets_additions && ++count_ % 5 == 0) return;
    real_->add(fd, old, now);
  }
  void del(int fd, what old, what now) noexcept override {
    real_->del(fd, old, now);
  }
  void prepare() override { real_->prepare(); }
  void wait(std::optional<std::chrono::nanoseconds> timeout) override {
    real_->wait(timeout);
  }
  std::span<const ready> collect() override {
    const std::span<const ready> found = real_->collect();
    found_.assign(found.begin(), found.end());
    if (wrong_ == fault::loses_reports && ++count_ % 3 == 0) found_.clear();
    if (wrong_ == fault::swaps_directions) {
      for (ready& r : found_) swap(r.fired);
    }
    return found_;
  }

 private:
  static void swap(what& fired) {
    if (fired == what::read) {
      fired = what::write;
    } else if (fired == what::write) {
      fired = what::read;
    }
  }

  std::unique_ptr<eventop> real_;  // does the work
  fault wrong_;  // but with this fault
  int count_ = 0;  // of additions or reports
  std::vector<ready> found_;  // what collect() returned
};

class PlantedFault
    : signals_restored,
      public ::testing::TestWithParam<std::tuple<const char*, fault>> {
 protected:
  const counting_handler own{SIGUSR1};
};
INSTANTIATE_TEST_SUITE_P(
    Backends, PlantedFault,
    ::testing::Combine(::testing::ValuesIn(backends),
                       ::testing::Values(fault::loses_reports,
                                         fault::swaps_directions,
                                         fault::forgets_additions)));

TEST_P(PlantedFault, IsFound) {
  const auto [name, wrong] = GetParam();
  for (unsigned seed = 1; seed <= 100; ++seed) {
    const scenario steps = make_scenario(seed);
    auto faulty = std::make_unique<faulty_eventop>(make_backend(name), wrong);
    if (world(std::move(faulty), feature::none).play(steps) !=
        play(name, feature::none, steps)) {
      return;
    }
  }
  FAIL() << "a hundred scenarios have not found it";
}

}  // namespace
}  // namespace evolve
