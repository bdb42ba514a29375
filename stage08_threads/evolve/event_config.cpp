#include "evolve/event_config.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "evolve/log.h"

namespace evolve {
namespace {

// EVENT_NOEPOLL: what comes behind a blank in a name is left out.
std::string variable_against(std::string_view method) {
  std::string variable = "EVENT_NO";
  for (const char c : method.substr(0, method.find(' '))) {
    variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::string to_string(feature set) {
  std::string words;
  const auto add = [&](feature bit, const char* word) {
    if (!any(set & bit)) return;
    words += words.empty() ? "" : ", ";
    words += word;
  };
  add(feature::et, "edges");
  add(feature::o1, "a kernel that remembers");
  add(feature::fds, "all kinds of descriptors");
  add(feature::early_close, "early close");
  return words;
}

bool runs_with_more_rights() noexcept {
  return ::getuid() != ::geteuid() || ::getgid() != ::getegid();
}

}  // namespace

event_config& event_config::avoid_method(std::string name) {
  avoided_.push_back(std::move(name));
  return *this;
}

event_config& event_config::require_features(feature features) noexcept {
  required_ = features;
  return *this;
}

event_config& event_config::set_flag(base_flag flag) noexcept {
  flags_ |= flag;
  return *this;
}

event_config& event_config::set_max_dispatch_interval(
    const dispatch_limits& limits) {
  if (limits.callbacks < 1 || limits.interval < duration::zero() ||
      limits.min_priority < 0) {
    throw std::invalid_argument(
        "event_config: with such limits a turn may call nothing");
  }
  limits_ = limits;
  return *this;
}

bool event_config::hears_environment(const char* variable) const noexcept {
  return !has(base_flag::ignore_env) && !runs_with_more_rights() &&
         std::getenv(variable) != nullptr;
}

// Why the candidate is passed over; nothing if it is not.
std::string event_config::refusal(const method& candidate) const {
  const std::string name = candidate.name;
  if (std::find(avoided_.begin(), avoided_.end(), name) != avoided_.end()) {
    return "to be avoided";
  }
  const std::string variable = variable_against(name);
  if (hears_environment(variable.c_str())) return variable + " is set";
  if (name == "epoll" && (has(base_flag::epoll_use_changelist) ||
                          hears_environment("EVENT_EPOLL_USE_CHANGELIST"))) {
    return "without a changelist";
  }
  return {};
}

// The candidate's backend; or none, and `why` not. It has `failed` when it was
// wanted.
std::unique_ptr<eventop> event_config::make(const method& candidate,
                                            std::string& why,
                                            bool& failed) const {
  why = refusal(candidate);
  if (!why.empty()) return nullptr;
  try {
    std::unique_ptr<eventop> made = candidate.make();
    const feature lacks = required_ & ~made->features();
    if (!any(lacks)) return made;
    why = "lacks " + to_string(lacks);
  } catch (const std::system_error& failure) {
    why = failure.what();
    failed = true;
  }
  return nullptr;
}

std::unique_ptr<eventop> event_config::make_eventop() const {
  std::string tried;
  bool failed = false;
  for (const method& candidate : supported_methods()) {
    std::string why;
    if (std::unique_ptr<eventop> made = make(candidate, why, failed)) {
      const std::string waits = std::string("waits with ") + made->name();
      if (failed) {
        log(severity::warn, [&] {
          return std::string(waits).append(" (").append(tried).append(")");
        });
      }
      if (hears_environment("EVENT_SHOW_METHOD")) {
        log(severity::msg, waits.c_str());
      }
      return made;
    }
    tried += tried.empty() ? "" : "; ";
    tried += std::string(candidate.name) + ": " + why;
  }
  throw std::runtime_error("event_base: no method is left (" + tried + ")");
}

}  // namespace evolve
