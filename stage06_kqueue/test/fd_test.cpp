#include <gtest/gtest.h>

#include <climits>
#include <string>
#include <system_error>

#include "evolve/fd.h"
#include "test/pair.h"
#include "test/thrown.h"

namespace evolve {
namespace {

TEST(RequireOpen, AcceptsWhatIsOpen) {
  const pair fds;

  EXPECT_NO_THROW(require_open(fds.a()));
}

TEST(RequireOpen, RefusesWhatIsNotAndSaysWhich) {
  const int closed = closed_fd();

  for (const int fd : {closed, -1, INT_MAX}) {
    const auto look = [fd] { require_open(fd); };
    EXPECT_EQ(error_of(look), std::errc::bad_file_descriptor);
    EXPECT_NE(message_of(look).find("descriptor " + std::to_string(fd)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace evolve
