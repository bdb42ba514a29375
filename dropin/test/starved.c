/* A process that gets no more memory. */
#include <sys/resource.h>

#include "cases.h"

/* Takes all the memory that the process can have. */
static void take_memory(void) {
  const struct rlimit nothing = {0, 0};
  setrlimit(RLIMIT_AS, &nothing);
  for (size_t size = 1 << 20; size > 0; size /= 2) {
    while (malloc(size)) continue;
  }
}
static int visit(const struct event_base *base, const struct event *ev,
                 void *arg) {
  (void)base;
  (void)ev;
  (void)arg;
  return 0;
}
static void all_taken(void) {
  const struct timeval minute = {60, 0};
  struct event_base *base = event_base_new();
  struct event ev;
  event_set_log_callback(quiet);
  event_assign(&ev, base, -1, 0, note, "a");
  take_memory();
  SAY(event_base_init_common_timeout(base, &minute) == NULL);
  SAY(event_add(&ev, &minute));
  SAY(event_base_once(base, -1, EV_TIMEOUT, note, "b", &minute));
  SAY(event_new(base, -1, 0, note, "c") == NULL);
  SAY(event_config_new() == NULL);
  SAY(event_base_new() == NULL);
  event_active(&ev, EV_READ, 1);
  SAY(event_base_foreach_event(base, visit, NULL) <= 0);
  turn(base);
}

const struct named_case cases[] = {{"all_taken", all_taken}, {NULL, NULL}};
