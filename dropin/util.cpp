// Portable ways to do what Linux can do: sockets and text.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "c_interface.h"

namespace {

int switch_on(int fd, int level, int option) noexcept {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on);
}

// Gets flags, and sets them with one more, unless it is set.
int add_flag(int fd, int get, int set, int flag) noexcept {
  const int flags = ::fcntl(fd, get);
  if (flags < 0) return -1;
  if (flags & flag) return 0;
  return ::fcntl(fd, set, flags | flag) < 0 ? -1 : 0;
}

// As the C locale has it, whatever the program's is.
int lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

}  // namespace

int evutil_socketpair(int family, int type, int protocol,
                      evutil_socket_t ends[2]) {
  return ::socketpair(family, type, protocol, ends);
}

int evutil_make_socket_nonblocking(evutil_socket_t fd) {
  return add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK);
}

int evutil_make_socket_closeonexec(evutil_socket_t fd) {
  return add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

int evutil_make_listen_socket_reuseable(evutil_socket_t fd) {
  return switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
}

int evutil_make_listen_socket_reuseable_port(evutil_socket_t fd) {
  return switch_on(fd, SOL_SOCKET, SO_REUSEPORT);
}

int evutil_make_listen_socket_ipv6only(evutil_socket_t fd) {
  return switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
}

int evutil_make_tcp_listen_socket_deferred(evutil_socket_t fd) {
  return switch_on(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT);
}

int evutil_closesocket(evutil_socket_t fd) {
  return ::close(fd);
}

// Always with an end, whatever the C library does.
int evutil_vsnprintf(char* text, std::size_t size, const char* format,
                     std::va_list arguments) {
  if (size == 0) return 0;
  const int length = std::vsnprintf(text, size, format, arguments);
  text[size - 1] = '\0';
  return length;
}

int evutil_snprintf(char* text, std::size_t size, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  const int length = evutil_vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return length;
}

ev_int64_t evutil_strtoll(const char* text, char** end, int base) {
  return std::strtoll(text, end, base);
}

int evutil_ascii_strncasecmp(const char* a, const char* b, std::size_t size) {
  for (; size > 0; --size, ++a, ++b) {
    const int difference = lower(*a) - lower(*b);
    if (difference != 0) return difference < 0 ? -1 : 1;
    if (*a == '\0') return 0;
  }
  return 0;
}

int evutil_ascii_strcasecmp(const char* a, const char* b) {
  return evutil_ascii_strncasecmp(a, b, static_cast<std::size_t>(-1));
}

int evutil_date_rfc1123(char* text, const std::size_t size, const tm* when) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed",
                                  "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  tm utc;
  if (!when) {
    const std::time_t now = std::time(nullptr);
    when = ::gmtime_r(&now, &utc);
  }
  return evutil_snprintf(text, size, "%s, %02d %s %4d %02d:%02d:%02d GMT",
                         days[when->tm_wday], when->tm_mday,
                         months[when->tm_mon], 1900 + when->tm_year,
                         when->tm_hour, when->tm_min, when->tm_sec);
}
