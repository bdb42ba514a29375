/* Time. What is measured may be late by any time, but not early. */
#include "cases.h"

static struct event_base *base;
static struct event events[10];
static char names[10][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static void in_order(void) {
  static const int ms[] = {60, 20, 80, 0, 40};
  base = event_base_new();
  for (int at = 0; at < 5; ++at) {
    event_assign(&events[at], base, -1, 0, note, names[at]);
    add_ms(&events[at], ms[at]);
  }
  const long long start = now_ms();
  SAY(event_base_dispatch(base));
  SAY(now_ms() - start >= 70);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

static void negative(void) {
  struct timeval past = {-5, 0}, odd = {0, 2500000};
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "past");
  SAY(event_add(&events[0], &past));
  turn(base);
  event_assign(&events[0], base, -1, 0, note, "odd");
  SAY(event_add(&events[0], &odd));
  turn(base);
  event_base_free(base);
}

static void endless(void) {
  struct timeval ages = {1L << 40, 0};
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "ages");
  SAY(event_add(&events[0], &ages));
  say("%s", pending(&events[0]));
  turn(base);
  SAY(event_del(&events[0]));
  event_base_free(base);
}

/* When it passes is told all the same: some time that is to come. */
static void endless_until(void) {
  struct timeval ages = {1L << 40, 0}, until = {0, 0}, now;
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "ages");
  SAY(event_add(&events[0], &ages));
  SAY(event_pending(&events[0], EV_TIMEOUT, &until));
  gettimeofday(&now, NULL);
  SAY(evutil_timercmp(&until, &now, >));
  event_base_free(base);
}

static void replaced(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "a");
  add_ms(&events[0], 60000);
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  add_ms(&events[0], 0);
  add_ms(&events[0], 60000);
  turn(base);
  say("%s", pending(&events[0]));
  event_base_free(base);
}

/* The first that is called moves the second, which is due as well. */
static void moves(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(add_ms(&events[1], 60000));
  say("%s", pending(&events[1]));
}
static void taken_back(void) {
  base = event_base_new();
  event_base_priority_init(base, 1);
  event_assign(&events[0], base, -1, 0, moves, "first");
  event_assign(&events[1], base, -1, 0, note, "second");
  add_ms(&events[0], 0);
  nap(3);
  add_ms(&events[1], 1);
  nap(20);
  turn(base);
  say("%s", pending(&events[1]));
  event_base_free(base);
}

static int left;
static void counts_down(evutil_socket_t fd, short what, void *ev) {
  say("  tick: %s", bits(what));
  if (--left == 0) event_del(ev);
  (void)fd;
}
static void persistent(void) {
  base = event_base_new();
  left = 5;
  event_assign(&events[0], base, -1, EV_PERSIST, counts_down, &events[0]);
  add_ms(&events[0], 20);
  const long long start = now_ms();
  SAY(event_base_dispatch(base));
  SAY(now_ms() - start >= 95);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

/* The period starts anew with what comes between. */
static void persistent_rebased(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, note, "read");
  add_ms(&events[0], 120);
  nap(80);
  put(ends.b);
  SAY(event_base_loop(base, EVLOOP_ONCE));
  take(ends.a);
  const long long start = now_ms();
  SAY(event_base_loop(base, EVLOOP_ONCE));
  SAY(now_ms() - start > 80);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

static void sleeps(evutil_socket_t fd, short what, void *ev) {
  say("  sleeps: %s", bits(what));
  nap(70);
  if (--left == 0) event_del(ev);
  (void)fd;
}
static void persistent_late(void) {
  base = event_base_new();
  left = 3;
  event_assign(&events[0], base, -1, EV_PERSIST, sleeps, &events[0]);
  add_ms(&events[0], 20);
  const long long start = now_ms();
  SAY(event_base_dispatch(base));
  SAY(now_ms() - start >= 220);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

static void persistent_no_timer(evutil_socket_t fd, short what, void *ev) {
  say("  tick: %s", bits(what));
  SAY(event_remove_timer(ev));
  say("%s", pending(ev));
  (void)fd;
}
static void period_removed(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, persistent_no_timer,
               &events[0]);
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void no_period(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, note, "timer");
  event_assign(&events[1], base, -1, EV_READ | EV_PERSIST, note, "none");
  add_ms(&events[0], 0);
  turn(base);
  add_ms(&events[1], 0);
  turn(base);
  for (int at = 0; at < 2; ++at) say("%s", pending(&events[at]));
  turn(base);
  add_ms(&events[0], 20);
  add_ms(&events[0], 0);
  turn(base);
  turn(base);
  event_base_free(base);
}

static void readd(evutil_socket_t fd, short what, void *ev) {
  say("  again: %s, %s", bits(what), pending(ev));
  if (--left > 0) {
    add_ms(ev, left * 10);
  } else {
    event_del(ev);
  }
  (void)fd;
}
static void added_again(void) {
  base = event_base_new();
  left = 3;
  event_assign(&events[0], base, -1, 0, readd, &events[0]);
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  left = 3;
  event_assign(&events[0], base, -1, EV_PERSIST, readd, &events[0]);
  add_ms(&events[0], 20);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void commons(void) {
  struct timeval one = {0, 30000}, two = {0, 50000}, whole = {1, 1000001};
  base = event_base_new();
  const struct timeval *first = event_base_init_common_timeout(base, &one);
  const struct timeval *second = event_base_init_common_timeout(base, &two);
  say("%lx %lx", (long)first->tv_sec, (long)first->tv_usec);
  say("%lx %lx", (long)second->tv_sec, (long)second->tv_usec);
  SAY(event_base_init_common_timeout(base, &one) == first);
  SAY(event_base_init_common_timeout(base, first) == first);
  const struct timeval *third = event_base_init_common_timeout(base, &whole);
  say("%lx %lx", (long)third->tv_sec, (long)third->tv_usec);
  for (int at = 0; at < 6; ++at) {
    event_assign(&events[at], base, -1, 0, note, names[at]);
    SAY(event_add(&events[at], at % 2 ? first : second));
  }
  event_assign(&events[6], base, -1, 0, note, names[6]);
  SAY(event_add(&events[6], third));
  say("%s", pending(&events[0]));
  event_del(&events[2]);
  add_ms(&events[3], 80);
  event_add(&events[6], first);
  SAY(event_base_dispatch(base));
  struct timeval zero = {0, 0};
  const struct timeval *none = event_base_init_common_timeout(base, &zero);
  say("%lx %lx", (long)none->tv_sec, (long)none->tv_usec);
  SAY(event_add(&events[0], none));
  turn(base);
  event_base_free(base);
}

static void common_when(void) {
  struct timeval length = {100, 5000}, now, when, difference;
  base = event_base_new();
  const struct timeval *common = event_base_init_common_timeout(base, &length);
  event_assign(&events[0], base, -1, 0, note, "a");
  event_add(&events[0], common);
  gettimeofday(&now, NULL);
  SAY(event_pending(&events[0], EV_TIMEOUT, &when));
  evutil_timersub(&when, &now, &difference);
  say("%ld", ((long)difference.tv_sec + 1) / 10);
  SAY(when.tv_usec < 1000000);
  event_base_free(base);
}

static void common_persistent(void) {
  struct timeval length = {0, 20000};
  base = event_base_new();
  const struct timeval *common = event_base_init_common_timeout(base, &length);
  left = 4;
  event_assign(&events[0], base, -1, EV_PERSIST, counts_down, &events[0]);
  event_add(&events[0], common);
  const long long start = now_ms();
  SAY(event_base_dispatch(base));
  SAY(now_ms() - start >= 75);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

static void too_many_commons(void) {
  base = event_base_new();
  int given = 0;
  for (int at = 1; at <= 260; ++at) {
    struct timeval length = {at, 0};
    given += event_base_init_common_timeout(base, &length) != NULL;
  }
  SAY(given);
  event_base_free(base);
}

static void cached_time(evutil_socket_t fd, short what, void *arg) {
  struct timeval first, second, third;
  (void)fd;
  (void)what;
  SAY(event_base_gettimeofday_cached(base, &first));
  nap(30);
  SAY(event_base_gettimeofday_cached(base, &second));
  evutil_timersub(&second, &first, &second);
  say("  passed: %d", second.tv_sec > 0 || second.tv_usec > 20000);
  SAY(event_base_update_cache_time(base));
  event_base_gettimeofday_cached(base, &third);
  evutil_timersub(&third, &first, &third);
  say("  passed: %d", third.tv_sec > 0 || third.tv_usec > 20000);
  (void)arg;
}

static void cache(void) {
  struct timeval cached, now;
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, cached_time, NULL);
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  SAY(event_base_update_cache_time(base));
  SAY(event_base_update_cache_time(NULL));
  SAY(event_base_gettimeofday_cached(base, &cached));
  gettimeofday(&now, NULL);
  evutil_timersub(&now, &cached, &now);
  SAY(now.tv_sec == 0 && now.tv_usec < 20000);
  SAY(event_base_gettimeofday_cached(NULL, &cached));
  event_base_free(base);
}

static void no_cache(void) {
  struct event_config *config = event_config_new();
  SAY(event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME));
  base = event_base_new_with_config(config);
  event_config_free(config);
  event_assign(&events[0], base, -1, 0, cached_time, NULL);
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void monotonic(void) {
  struct timeval first, second;
  base = event_base_new();
  SAY(event_gettime_monotonic(base, &first));
  nap(30);
  SAY(event_gettime_monotonic(base, &second));
  evutil_timersub(&second, &first, &second);
  SAY(second.tv_sec == 0 && second.tv_usec > 20000);
  SAY(event_gettime_monotonic(NULL, &first));
  SAY(event_gettime_monotonic(base, NULL));
  event_base_free(base);
}

static void with_descriptor(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  add_ms(&events[0], 20);
  SAY(event_base_dispatch(base));
  put(ends.b);
  add_ms(&events[0], 60000);
  SAY(event_base_dispatch(base));
  say("%s", pending(&events[0]));
  event_base_free(base);
}

static void active_by_fd(void) {
  struct ends ends = socket_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, note, "read");
  event_assign(&events[1], base, ends.a, EV_READ | EV_PERSIST, note, "timed");
  event_assign(&events[2], base, ends.b, EV_READ | EV_PERSIST, note, "other");
  event_add(&events[0], NULL);
  add_ms(&events[1], 60000);
  event_add(&events[2], NULL);
  event_base_active_by_fd(base, ends.b, EV_READ);
  turn(base);
  event_base_active_by_fd(base, ends.b, EV_WRITE);
  turn(base);
  event_base_active_by_fd(base, ends.a, EV_TIMEOUT);
  turn(base);
  event_base_active_by_fd(base, ends.b, EV_TIMEOUT);
  turn(base);
  event_base_active_by_fd(base, ends.a, EV_READ | EV_TIMEOUT);
  turn(base);
  event_base_active_by_fd(base, ends.b, EV_READ | EV_TIMEOUT);
  turn(base);
  event_base_active_by_fd(base, 1000, EV_READ);
  event_base_active_by_fd(base, -1, EV_READ);
  event_base_active_by_fd(base, -1, EV_TIMEOUT);
  turn(base);
  event_base_free(base);
}

const struct named_case cases[] = {{"in_order", in_order},
                                   {"negative", negative},
                                   {"endless", endless},
                                   {"endless_until", endless_until},
                                   {"replaced", replaced},
                                   {"taken_back", taken_back},
                                   {"persistent", persistent},
                                   {"persistent_rebased", persistent_rebased},
                                   {"persistent_late", persistent_late},
                                   {"period_removed", period_removed},
                                   {"no_period", no_period},
                                   {"added_again", added_again},
                                   {"commons", commons},
                                   {"common_when", common_when},
                                   {"common_persistent", common_persistent},
                                   {"too_many_commons", too_many_commons},
                                   {"cache", cache},
                                   {"no_cache", no_cache},
                                   {"monotonic", monotonic},
                                   {"with_descriptor", with_descriptor},
                                   {"active_by_fd", active_by_fd},
                                   {NULL, NULL}};
