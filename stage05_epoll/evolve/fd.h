/// \file
/// What the system is asked about a descriptor.
#pragma once

namespace evolve {

/// Whether `fd` is an open descriptor, and one that can be waited for, not one
/// of O_PATH. If not, errno says so.
bool is_open(int fd) noexcept;

/// \throws std::system_error with EBADF unless `fd` is an open descriptor.
void require_open(int fd);

}  // namespace evolve
