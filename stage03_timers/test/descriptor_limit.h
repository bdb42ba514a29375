/// \file
/// How many descriptors the process may have, for tests.
#pragma once

#include <sys/resource.h>

namespace evolve {

/// Has another limit on the numbers of descriptors while it lives.
class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t wanted) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit changed = {wanted, before_.rlim_max};
    set_ = ::setrlimit(RLIMIT_NOFILE, &changed) == 0;
  }
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;

  /// Whether the system has let it.
  bool set() const { return set_; }

 private:
  rlimit before_;
  bool set_;
};

}  // namespace evolve
