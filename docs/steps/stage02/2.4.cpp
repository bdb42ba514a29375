#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], "abc", 3) != 3) return 1;
  event_base base;
  base.priority_init(3);
  event client(base, -1, what::none, [] { std::puts("a client is served"); });
  event janitor(base, -1, what::none, [] { std::puts("rubbish is removed"); });
  event* self = nullptr;
  event admin(base, ends[0], what::read | what::persist, [&](int fd, what) {
    char command;
    if (::read(fd, &command, 1) != 1) return;
    std::printf("command %c\n", command);
    if (command == 'c') self->del();
  });
  self = &admin;
  admin.priority_set(0);
  janitor.priority_set(2);
  std::printf("a client has priority %d\n", client.priority());
  admin.add();
  janitor.active(what::none);
  client.active(what::none);
  base.dispatch();
}
