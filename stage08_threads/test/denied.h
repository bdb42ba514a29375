/// \file
/// A system call that is not to be had, for tests.
#pragma once

#ifdef __linux__

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <thread>

namespace evolve {

/// From now on the system call of that number fails with `error` in the thread
/// that calls this, and in the children that it forks. Whether that could be
/// had.
inline bool deny(long number, int error) {
  sock_filter filter[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(number)},
      {BPF_RET | BPF_K, 0, 0,
       SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  sock_fprog program{4, filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Does `work` where that system call fails. Whether it could be done.
template <class F>
bool without(long number, int error, F work) {
  bool denied = false;
  std::thread([&] {
    denied = deny(number, error);
    if (denied) work();
  }).join();
  return denied;
}

}  // namespace evolve

#endif
