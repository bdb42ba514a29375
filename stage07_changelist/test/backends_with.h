/// \file
/// The backends that can do something besides, for tests of that.
#pragma once

#include <vector>

#include "test/backends.h"

namespace evolve {

/// Those of the backends that have all of `wanted`.
inline std::vector<const char*> backends_with(feature wanted) {
  std::vector<const char*> found;
  for (const char* name : backends) {
    if (!any(wanted & ~make_backend(name)->features())) found.push_back(name);
  }
  return found;
}

/// The backends that have not.
inline std::vector<const char*> backends_without(feature wanted) {
  std::vector<const char*> found;
  for (const char* name : backends) {
    if (any(wanted & ~make_backend(name)->features())) found.push_back(name);
  }
  return found;
}

}  // namespace evolve
