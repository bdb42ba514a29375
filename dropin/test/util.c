/* event2/util.h, without what its macros do. */
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include "cases.h"

static void sockets(void) {
  evutil_socket_t ends[2];
  SAY(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  SAY((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
  SAY(evutil_make_socket_nonblocking(ends[0]));
  SAY(evutil_make_socket_nonblocking(ends[0]));
  SAY((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
  SAY((fcntl(ends[1], F_GETFL) & O_NONBLOCK) != 0);
  SAY(evutil_make_socket_closeonexec(ends[0]));
  SAY((fcntl(ends[0], F_GETFD) & FD_CLOEXEC) != 0);
  SAY((fcntl(ends[1], F_GETFD) & FD_CLOEXEC) != 0);
  SAY(evutil_closesocket(ends[0]));
  SAY(evutil_closesocket(ends[1]));
  SAY(evutil_socketpair(AF_INET, SOCK_STREAM, 0, ends));
  SAY(evutil_socketpair(AF_UNIX, 12345, 0, ends));
}

static void bad_sockets(void) {
  event_set_log_callback(quiet);
  SAY(evutil_make_socket_nonblocking(-1));
  SAY(evutil_make_socket_closeonexec(-1));
  SAY(evutil_closesocket(-1));
  SAY(evutil_make_listen_socket_reuseable(-1));
  SAY(evutil_make_listen_socket_reuseable_port(-1));
  SAY(evutil_make_listen_socket_ipv6only(-1));
  SAY(evutil_make_tcp_listen_socket_deferred(-1));
}

static int option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) ? -1 : value != 0;
}

static void listeners(void) {
  const int four = socket(AF_INET, SOCK_STREAM, 0);
  const int six = socket(AF_INET6, SOCK_STREAM, 0);
  SAY(evutil_make_listen_socket_reuseable(four));
  SAY(option(four, SOL_SOCKET, SO_REUSEADDR));
  SAY(evutil_make_listen_socket_reuseable_port(four));
  SAY(option(four, SOL_SOCKET, SO_REUSEPORT));
  SAY(evutil_make_tcp_listen_socket_deferred(four));
  if (six < 0) return;
  SAY(evutil_make_listen_socket_ipv6only(six));
  SAY(option(six, IPPROTO_IPV6, IPV6_V6ONLY));
}

static void printing(void) {
  char text[8];
  memset(text, 'x', sizeof text);
  SAY(evutil_snprintf(text, sizeof text, "%d", 42));
  say("%s", text);
  SAY(evutil_snprintf(text, sizeof text, "%s", "much too long"));
  say("%s", text);
  text[0] = 'y';
  SAY(evutil_snprintf(text, 0, "%s", "none"));
  SAY(text[0] == 'y');
  SAY(evutil_snprintf(text, 1, "%s", "one"));
  SAY(text[0]);
}

static void numbers(void) {
  static const char *const texts[] = {"0",
                                      "42",
                                      "-42",
                                      "  7x",
                                      "0x1f",
                                      "9223372036854775807",
                                      "99999999999999999999",
                                      "-99999999999999999999",
                                      "",
                                      "x"};
  for (size_t at = 0; at < sizeof texts / sizeof *texts; ++at) {
    char *end;
    for (int base = 0; base <= 16; base += 8) {
      const ev_int64_t value = evutil_strtoll(texts[at], &end, base);
      say("%s, %d: %lld, %d", texts[at], base, (long long)value,
          (int)(end - texts[at]));
    }
  }
}

static void letters(void) {
  static const char *const texts[] = {"",    "a",   "A", "aB",   "Ab",
                                      "b",   "[",   "z", "\xe4", "\xc4",
                                      "abc", "ABD", "@", "`"};
  enum { count = sizeof texts / sizeof *texts };
  for (int a = 0; a < count; ++a) {
    for (int b = 0; b < count; ++b) {
      const int whole = evutil_ascii_strcasecmp(texts[a], texts[b]);
      const int one = evutil_ascii_strncasecmp(texts[a], texts[b], 1);
      const int two = evutil_ascii_strncasecmp(texts[a], texts[b], 2);
      say("%d %d: %d %d %d", a, b, (whole > 0) - (whole < 0),
          (one > 0) - (one < 0), (two > 0) - (two < 0));
    }
  }
  SAY(evutil_ascii_strncasecmp("a", "b", 0));
}

static void dates(void) {
  char text[64];
  const time_t moments[] = {0, 951782400, 1700000000, 4102444799};
  for (size_t at = 0; at < sizeof moments / sizeof *moments; ++at) {
    struct tm when;
    gmtime_r(&moments[at], &when);
    SAY(evutil_date_rfc1123(text, sizeof text, &when));
    say("%s", text);
  }
  SAY(evutil_date_rfc1123(text, sizeof text, NULL));
  struct tm when;
  gmtime_r(&moments[0], &when);
  SAY(evutil_date_rfc1123(text, 10, &when));
  say("%s", text);
}

static const char *const addresses[] = {"1.2.3.4",
                                        "0.0.0.0",
                                        "255.255.255.255",
                                        "256.1.1.1",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.4 ",
                                        "1.2.3.-4",
                                        "0x1.2.3.4",
                                        "",
                                        "::",
                                        "::1",
                                        "1::",
                                        "fe80::1",
                                        "1:2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7",
                                        "1::2::3",
                                        "::ffff:1.2.3.4",
                                        "::1.2.3.4",
                                        "1:2:3:4:5:6:1.2.3.4",
                                        "2001:db8::ff00:42:8329",
                                        "12345::",
                                        "g::",
                                        ":1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:",
                                        "1:2:3:4:5:6:7:8:9",
                                        "64:ff9b::192.0.2.33",
                                        "1:2:3:4:5:6:7::",
                                        "::2:3:4:5:6:7:8",
                                        "1:0:0:4:0:0:0:8",
                                        "0:0:1:0:0:0:0:0",
                                        "FE80::ABCD",
                                        "::%lo",
                                        "fe80::1%nothing"};
enum { address_count = sizeof addresses / sizeof *addresses };

static void to_bytes_and_back(void) {
  for (int at = 0; at < address_count; ++at) {
    unsigned char bytes[16];
    char text[64];
    const char *const shown = addresses[at];
    const int four = evutil_inet_pton(AF_INET, shown, bytes);
    if (four == 1) {
      say("%s: %s", shown, evutil_inet_ntop(AF_INET, bytes, text, sizeof text));
    }
    const int six = evutil_inet_pton(AF_INET6, shown, bytes);
    if (six == 1) {
      say("%s: %s", shown,
          evutil_inet_ntop(AF_INET6, bytes, text, sizeof text));
    }
    say("%s: %d %d", shown, four, six);
  }
  unsigned char bytes[16] = {0};
  char text[8];
  SAY(evutil_inet_ntop(AF_INET, bytes, text, 3) == NULL);
  SAY(evutil_inet_ntop(AF_INET, bytes, text, 8) != NULL);
  SAY(evutil_inet_pton(AF_UNIX, "1.2.3.4", bytes));
  SAY(evutil_inet_ntop(AF_UNIX, bytes, text, sizeof text) == NULL);
}

static void with_scope(void) {
  static const char *const texts[] = {"fe80::1%lo", "fe80::1%1", "fe80::1",
                                      "::1%nothing", "fe80::1%"};
  for (size_t at = 0; at < sizeof texts / sizeof *texts; ++at) {
    unsigned char bytes[16];
    unsigned index = 77;
    const int got = evutil_inet_pton_scope(AF_INET6, texts[at], bytes, &index);
    say("%s: %d %u", texts[at], got, got == 1 ? index : 0);
  }
}

static void with_ports(void) {
  static const char *const texts[] = {"1.2.3.4",
                                      "1.2.3.4:80",
                                      "1.2.3.4:0",
                                      "1.2.3.4:65535",
                                      "1.2.3.4:65536",
                                      "1.2.3.4:",
                                      "1.2.3.4:x",
                                      "1.2.3.4:-1",
                                      "[::1]",
                                      "[::1]:80",
                                      "[::1]:",
                                      "[::1",
                                      "::1",
                                      "::1:80",
                                      "[1.2.3.4]:80",
                                      "1.2.3.256:80",
                                      "",
                                      ":80",
                                      "[]:80",
                                      "[::1]x",
                                      "[::1]80",
                                      "localhost:80",
                                      "fe80::1%lo",
                                      "[fe80::1%lo]:80",
                                      "[::1]:080"};
  for (size_t at = 0; at < sizeof texts / sizeof *texts; ++at) {
    struct sockaddr_storage out;
    int size = sizeof out;
    memset(&out, 0, sizeof out);
    const int got =
        evutil_parse_sockaddr_port(texts[at], (struct sockaddr *)&out, &size);
    if (got != 0) {
      say("%s: %d", texts[at], got);
      continue;
    }
    const struct sockaddr_in *four = (struct sockaddr_in *)&out;
    const struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;
    const int is_four = out.ss_family == AF_INET;
    char text[64];
    say("%s: %s %d %d %u", texts[at],
        inet_ntop(out.ss_family,
                  is_four ? (void *)&four->sin_addr : (void *)&six->sin6_addr,
                  text, sizeof text),
        ntohs(is_four ? four->sin_port : six->sin6_port), size,
        is_four ? 0 : six->sin6_scope_id);
  }
  struct sockaddr_in small;
  int size = sizeof small - 1;
  SAY(evutil_parse_sockaddr_port("1.2.3.4", (void *)&small, &size));
  size = sizeof small;
  SAY(evutil_parse_sockaddr_port("::1", (void *)&small, &size));
}

static int sign(int value) {
  return (value > 0) - (value < 0);
}

static void compared(void) {
  static const char *const texts[] = {"1.2.3.4:80", "1.2.3.4:81", "1.2.3.5:80",
                                      "[::1]:80",   "[::1]:443",  "[::2]:80"};
  struct sockaddr_storage all[7];
  memset(all, 0, sizeof all);
  for (int at = 0; at < 6; ++at) {
    int size = sizeof all[at];
    evutil_parse_sockaddr_port(texts[at], (void *)&all[at], &size);
  }
  all[6].ss_family = AF_UNIX;
  for (int a = 0; a < 7; ++a) {
    for (int b = 0; b < 7; ++b) {
      say("%d %d: %d %d", a, b,
          sign(evutil_sockaddr_cmp((void *)&all[a], (void *)&all[b], 0)),
          sign(evutil_sockaddr_cmp((void *)&all[a], (void *)&all[b], 1)));
    }
  }
}

static void resolve(const char *node, const char *service, int family, int type,
                    int protocol, int flags) {
  struct evutil_addrinfo hints = {0}, *found = NULL;
  hints.ai_family = family;
  hints.ai_socktype = type;
  hints.ai_protocol = protocol;
  hints.ai_flags = flags;
  const int error = evutil_getaddrinfo(node, service, &hints, &found);
  say("%s %s: %d", node ? node : "-", service ? service : "-", error);
  for (struct evutil_addrinfo *at = found; at; at = at->ai_next) {
    char host[64], port[16];
    getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    say("  %s %s %d %d %d %s", host, port, at->ai_family == AF_INET,
        at->ai_socktype, at->ai_protocol,
        at->ai_canonname ? at->ai_canonname : "-");
  }
  if (found) evutil_freeaddrinfo(found);
}

static void resolved(void) {
  const int number = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV;
  resolve("1.2.3.4", "80", PF_UNSPEC, SOCK_STREAM, 0, number);
  resolve("1.2.3.4", "80", PF_UNSPEC, 0, 0, number);
  resolve("::1", "80", PF_UNSPEC, SOCK_STREAM, 0, number);
  resolve("::1", "80", PF_INET, SOCK_STREAM, 0, number);
  resolve("1.2.3.4", NULL, PF_UNSPEC, SOCK_DGRAM, 0, number);
  resolve("not.a.number", "80", PF_UNSPEC, SOCK_STREAM, 0, number);
  resolve("1.2.3.4", "http", PF_UNSPEC, SOCK_STREAM, 0, number);
  resolve(NULL, "80", PF_UNSPEC, SOCK_STREAM, 0, number);
  resolve(NULL, "80", PF_UNSPEC, SOCK_STREAM, 0, number | EVUTIL_AI_PASSIVE);
  resolve(NULL, NULL, PF_UNSPEC, SOCK_STREAM, 0, 0);
  resolve("1.2.3.4", "80", PF_INET, SOCK_STREAM, IPPROTO_TCP,
          number | EVUTIL_AI_CANONNAME);
  SAY(strlen(evutil_gai_strerror(EVUTIL_EAI_NONAME)) > 0);
  SAY(strlen(evutil_gai_strerror(EVUTIL_EAI_CANCEL)) > 0);
  SAY(evutil_gai_strerror(0) != NULL);
}

static void clocks(void) {
  static const int kinds[] = {0, EV_MONOT_PRECISE, EV_MONOT_FALLBACK,
                              EV_MONOT_PRECISE | EV_MONOT_FALLBACK};
  for (int at = 0; at < 4; ++at) {
    struct evutil_monotonic_timer *timer = evutil_monotonic_timer_new();
    struct timeval first, second;
    SAY(evutil_configure_monotonic_time(timer, kinds[at]));
    SAY(evutil_gettime_monotonic(timer, &first));
    usleep(30000);
    SAY(evutil_gettime_monotonic(timer, &second));
    evutil_timersub(&second, &first, &second);
    SAY(second.tv_sec == 0 && second.tv_usec > 20000);
    evutil_monotonic_timer_free(timer);
  }
  evutil_monotonic_timer_free(NULL);
}

static void random_bytes(void) {
  unsigned char bytes[600];
  int counts[256] = {0}, most = 0;
  SAY(evutil_secure_rng_init());
  evutil_secure_rng_get_bytes(bytes, 0);
  evutil_secure_rng_get_bytes(bytes, sizeof bytes);
  for (size_t at = 0; at < sizeof bytes; ++at) ++counts[bytes[at]];
  for (int at = 0; at < 256; ++at) {
    if (counts[at] > most) most = counts[at];
  }
  SAY(most < 30);
  event_set_log_callback(quiet);
  evutil_secure_rng_add_bytes("seed", 4);
}

const struct named_case cases[] = {{"sockets", sockets},
                                   {"bad_sockets", bad_sockets},
                                   {"listeners", listeners},
                                   {"printing", printing},
                                   {"numbers", numbers},
                                   {"letters", letters},
                                   {"dates", dates},
                                   {"to_bytes_and_back", to_bytes_and_back},
                                   {"with_scope", with_scope},
                                   {"with_ports", with_ports},
                                   {"compared", compared},
                                   {"resolved", resolved},
                                   {"clocks", clocks},
                                   {"random_bytes", random_bytes},
                                   {NULL, NULL}};
