/// \file
/// Reads what the library logs, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evolve/log.h"

namespace evolve {

/// Receives the library's messages while it lives, instead of the one before.
class recorded_log {
 public:
  using lines = std::vector<std::pair<severity, std::string>>;

  recorded_log() { received_.clear(); }
  ~recorded_log() { set_log_callback(before_); }
  recorded_log(const recorded_log&) = delete;
  recorded_log& operator=(const recorded_log&) = delete;

  /// All that has come, the oldest first.
  const lines& received() const { return received_; }

 private:
  static void receive(severity level, const char* message) {
    received_.emplace_back(level, message);
  }

  static inline lines received_;
  log_callback before_ = set_log_callback(&receive);
};

}  // namespace evolve
