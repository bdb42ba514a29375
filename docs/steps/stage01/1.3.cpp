#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  event_base base;
  event output(base, ends[1], what::write, [](int fd, what) {
    std::puts("there is room: a word is written");
    if (::write(fd, "word", 4) != 4) std::puts("it is not");
  });
  event input(base, ends[0], what::read | what::persist, [&](int fd, what) {
    char letter;
    if (::read(fd, &letter, 1) != 1) return;
    std::printf("a letter is read: %c\n", letter);
    if (letter == 'd') input.del();
  });
  output.add();
  input.add();
  base.dispatch();
  std::puts("no event is left");
}
