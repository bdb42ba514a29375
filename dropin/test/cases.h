/* A program that is a list of cases. */
#pragma once

#include "trace.h"

/* A case by name. The last of a program's has no name. */
struct named_case {
  const char *name;
  void (*run)(void);
};
extern const struct named_case cases[];

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (const struct named_case *c = cases; c->name; ++c) puts(c->name);
    return 0;
  }
  event_set_log_callback(log_to_trace);
  for (const struct named_case *c = cases; argc == 2 && c->name; ++c) {
    if (strcmp(argv[1], c->name) != 0) continue;
    c->run();
    return 0;
  }
  fprintf(stderr, "usage: %s --list | CASE\n", argv[0]);
  return 2;
}
