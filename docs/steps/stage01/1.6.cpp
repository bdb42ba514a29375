#include <unistd.h>

#include <cstdio>
#include <optional>

#include "evolve/event_base.h"

using namespace evolve;

static event_base base;
static std::optional<event> place;  // for the event of one client at a time

static void serve(int fd, int client) {
  place.emplace(base, fd, what::read, [client](int from, what) {
    std::printf("client %d speaks\n", client);
    if (client < 3) serve(from, client + 1);  // the next one takes its place
    std::printf("client %d is done\n", client);
  });
  place->add();
}

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  if (::write(ends[1], "!", 1) != 1) return 1;
  serve(ends[0], 1);
  base.dispatch();
}
