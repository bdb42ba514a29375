/// \file
/// The environment, for tests: whatever a test does to it is undone.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace evolve {

/// Has a variable in the environment while it lives, or keeps it out of there.
class environment_variable {
 public:
  explicit environment_variable(std::string name, const char* value = "")
      : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~environment_variable() { set(before_ ? before_->c_str() : nullptr); }
  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;

 private:
  void set(const char* value) const {
    value ? ::setenv(name_.c_str(), value, 1) : ::unsetenv(name_.c_str());
  }

  std::string name_;
  std::optional<std::string> before_;  // the value that comes back
};

}  // namespace evolve
