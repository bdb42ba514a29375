/// \file
/// The backends that the tests run on.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "evolve/event_base.h"

namespace evolve {

/// One line each; a name of methods().
constexpr const char* backends[] = {
    "poll",
    "select",
};

/// A suite whose every test runs once on each backend:
///
///     class EventBase : public OnBackend {};
///     INSTANTIATE_TEST_SUITE_P(Backends, EventBase,
///                              ::testing::ValuesIn(backends), backend_name);
///     TEST_P(EventBase, RunsUntilNoEventIsLeft) { … base … }
class OnBackend : public ::testing::TestWithParam<const char*> {
 protected:
  event_base base{GetParam()};
};

/// The backend's name, as a part of a test's.
inline std::string backend_name(
    const ::testing::TestParamInfo<const char*>& info) {
  return info.param;
}

}  // namespace evolve
