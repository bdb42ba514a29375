/// \file
/// `PROGRAM w1|...|w7 [--key value]...`: one workload on one implementation.
/// What implements it defines `adapter` and includes this last; README.md says
/// what an adapter has to have.
#pragma once

#include "bench.h"
#include "w1_chain.h"
#include "w2_timers.h"
#include "w3_churn.h"
#include "w4_wakeup.h"
#include "w5_echo.h"
#include "w6_signals.h"
#include "w7_memory.h"

namespace bench {

/// Runs the workload called `name`.
template <class Loop>
int workload(std::string_view name, const args& options) {
  if constexpr (requires { typename Loop::io; }) {
    if (name == "w1") return w1<Loop>(options);
    if (name == "w2") return w2<Loop>(options);
    if (name == "w3") return w3<Loop>(options);
    if (name == "w4") return w4<Loop>(options);
    if (name == "w6") return w6<Loop>(options);
    if (name == "w7") return w7<Loop>(options);
  }
  if (name == "w5") return w5<Loop>(options);
  std::fprintf(stderr, "there is no workload '%s'\n", name.data());
  return 2;
}

}  // namespace bench

int main(int argc, char** argv) {
  const bench::args options(argc - 2, argv + 2);
  bench::pin(options.number("cpu", 0));
  const int status = bench::workload<adapter>(argc < 2 ? "" : argv[1], options);
  std::fflush(stdout);
  std::_Exit(status);  // what follows is not measured
}
