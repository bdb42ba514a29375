#include <cstdio>

#include "evolve/what.h"

using namespace evolve;

static void say(const char* which, what set) {
  std::printf("%-12s%s\n", which, to_string(set).c_str());
}

int main() {
  const what wanted = what::read | what::persist;
  const what happened = what::read | what::write;
  say("wanted", wanted);
  say("happened", happened);
  say("both", wanted & happened);
  say("only wanted", wanted & ~happened);
  if (!any(wanted & what::write)) std::puts("writing is not wanted");
}
