/// \file
/// How many descriptors the process may have, for tests.
#pragma once

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "test/thrown.h"

namespace evolve {

/// Has another limit on the numbers of descriptors while it lives.
class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t wanted) {
    meet_an_error();
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
  // A sanitizer needs a descriptor when it meets an object of a class for the
  // first time; what there is to be thrown should be known to it by then.
  static void meet_an_error() {
    const auto fail = [] {
      throw std::system_error(EMFILE, std::generic_category());
    };
    static_cast<void>(error_of(fail) == std::errc::too_many_files_open);
    static_cast<void>(message_of(fail));
  }

  rlimit before_;
  bool set_;
};

}  // namespace evolve
